"""`python app.py`, as the CDK's command line runs it: without an account, credentials or Docker."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    """Runs app.py with a bare environment: Node on the PATH, no AWS variable, no proxy that answers."""

    @cache
    def run(**context: str) -> tuple[int, str, Path]:
        tmp_path = tmp_path_factory.mktemp("app")
        node = shutil.which("node")
        assert node, "the CDK needs Node"
        out = tmp_path / "out"
        flags = json.loads((ROOT / "cdk.json").read_text())["context"]
        environment = {
            "PATH": str(Path(node).parent),
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path),
            "UV_OFFLINE": "1",
            "https_proxy": "http://127.0.0.1:9",
            "http_proxy": "http://127.0.0.1:9",
            "AWS_EC2_METADATA_DISABLED": "true",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": os.environ[
                "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"
            ],
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps({**flags, **context}),
        }
        done = subprocess.run(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr, out

    return run


@pytest.mark.long
def test_it_synthesizes_without_account_credentials_network_or_docker(run, local):
    code, errors, out = run(env="local")
    assert code == 0, errors
    assert {p.name for p in out.glob("*.template.json")} == {
        f"{stack}.template.json" for stack in local.templates
    }
    manifest = json.loads((out / "manifest.json").read_text())
    assert "missing" not in manifest, "synth asks the CDK's command line to look something up in an account"


def test_it_gives_the_same_templates_every_time(run, local):
    _, _, out = run(env="local")
    for stack, template in local.templates.items():
        assert json.loads((out / f"{stack}.template.json").read_text()) == template


@pytest.mark.long
def test_a_wrong_configuration_ends_it_with_the_message_alone(run):
    code, errors, out = run(env="nowhere")
    assert code == 1
    assert "allowed is one of" in errors
    assert "'nowhere'" in errors
    assert "Traceback" not in errors
    assert not list(out.glob("*.template.json"))


def test_cdk_json_runs_the_app_and_sends_nothing_home():
    settings = json.loads((ROOT / "cdk.json").read_text())
    assert settings["app"] == "python3 app.py"
    assert settings["versionReporting"] is False
