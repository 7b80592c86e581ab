"""Every environment synthesized once a session, with cdk-nag watching: its templates and its findings."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.infra.templates import STACKS, Synthesis

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")


@pytest.fixture(scope="session")
def config_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of config/ that tests may add environments to."""
    folder = tmp_path_factory.mktemp("configuration") / "config"
    shutil.copytree(ROOT / "config", folder)
    return folder


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory, config_folder: Path) -> Callable[..., Synthesis]:
    """`synthesize("local")`, or `synthesize("mine", "network: {mode: nat}")` for an environment of a test."""
    done: dict[str, Synthesis] = {}
    for environment in ("everything.yaml", "isolated.yaml"):
        shutil.copy(Path(__file__).parent / environment, config_folder)

    def run(name: str, yaml: str | None = None) -> Synthesis:
        if name not in done:
            if yaml is not None:
                (config_folder / f"{name}.yaml").write_text(yaml)
            done[name] = _synthesize(name, config_folder, tmp_path_factory.mktemp(f"assembly-{name}"))
        return done[name]

    return run


def _synthesize(name: str, config_folder: Path, out: Path) -> Synthesis:
    import aws_cdk as cdk  # noqa: PLC0415 - starts Node, which most tests do not need
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415

    from infra.config.load import load  # noqa: PLC0415
    from infra.stacks.application import compose  # noqa: PLC0415

    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = cdk.App(outdir=str(out), context=context, analytics_reporting=False)
    config = load(name, config_folder)
    compose(app, config)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
    templates = {
        stack: json.loads((out / f"{config.names.stack_prefix}{stack[5:]}.template.json").read_text())
        for stack in STACKS
    }
    return Synthesis(out, templates, list(_findings(out / "validation-report.json")))


def _findings(report: Path) -> Iterator[str]:
    if not report.exists():
        return
    for plugin in json.loads(report.read_text())["pluginReports"]:
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"]:
                yield f"{violation['ruleName']} at {construct['constructPath']}"


@pytest.fixture(scope="session")
def local(synthesize: Callable[..., Synthesis]) -> Synthesis:
    return synthesize("local")


@pytest.fixture(scope="session")
def production(synthesize: Callable[..., Synthesis]) -> Synthesis:
    return synthesize("prod.example")
