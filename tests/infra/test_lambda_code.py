"""The functions' code: the same bytes from the same sources, and all that their imports need."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from importlib.util import source_from_cache
from pathlib import Path

import pytest

from infra.config.function_settings import USE_CASES
from infra.lambda_code import CACHE, ROOT, DependenciesUnavailable, build


@pytest.fixture(scope="module")
def host_code() -> Path:
    return build(runtime="python3.13", architecture="arm64", bundle_for="host")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what the code is made from."""
    for part in ("lambdas", "pulse", "samples"):
        shutil.copytree(ROOT / part, tmp_path / "clone" / part, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "clone"


def for_host(clone: Path) -> Path:
    return build(runtime="python3.13", architecture="arm64", bundle_for="host", root=clone, cache=CACHE)


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            whole.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return whole.hexdigest()


def test_two_builds_give_the_same_bytes(clone, tmp_path):
    target = {"runtime": "python3.13", "architecture": "arm64", "bundle_for": "lambda", "root": clone}
    builds = [build(**target, cache=tmp_path / name) for name in ("one", "two")]
    assert digest(builds[0]) == digest(builds[1])
    assert builds[0].name == builds[1].name


def test_a_change_of_the_command_line_changes_nothing(clone):
    before = for_host(clone)
    (clone / "pulse" / "cli" / "another_verb.py").write_text("print('hello')\n")
    assert for_host(clone) == before


def test_a_change_of_the_domain_changes_the_code(clone, tmp_path):
    before = for_host(clone)
    (clone / "pulse" / "domain" / "another_rule.py").write_text("RULE = 1\n")
    after = for_host(clone)
    assert after != before
    assert (after / "pulse" / "domain" / "another_rule.py").is_file()


def test_it_is_built_for_the_lambda_runtime_whatever_this_machine_is():
    code = build(runtime="python3.13", architecture="arm64", bundle_for="lambda")
    libraries = [file.name for file in code.rglob("*.so")]
    assert libraries
    assert all("cpython-313-aarch64-linux" in name for name in libraries)


def test_nothing_in_it_depends_on_the_machine_that_built_it(host_code):
    names = {file.name for file in host_code.rglob("*")}
    assert not names & {"bin", "RECORD", ".lock", "requirements.txt"}
    compiled = [
        file for file in host_code.rglob("*.pyc") if b"/" + host_code.name.encode() in file.read_bytes()
    ]
    assert not compiled, "no path of this machine"


def test_it_is_compiled_for_the_python_that_will_run_it_and_for_no_other(host_code):
    """Lambda compiles anew at each cold start what comes uncompiled."""
    compiled = {Path(source_from_cache(str(file))) for file in host_code.rglob("*.pyc")}
    assert compiled == set(host_code.rglob("*.py"))
    other = f"python3.{13 if sys.version_info[1] != 13 else 14}"
    assert not list(build(runtime=other, architecture="arm64", bundle_for="lambda").rglob("*.pyc"))


def test_the_sample_requests_go_in_as_examples_of_the_api(host_code):
    samples = {file.name for file in (ROOT / "samples" / "requests").iterdir()}
    assert {file.name for file in (host_code / "samples" / "requests").iterdir()} == samples
    assert {file.name for file in (host_code / "samples").iterdir()} == {"requests"}


@pytest.mark.parametrize("handler", USE_CASES)
def test_a_function_imports_with_nothing_but_its_code_and_the_aws_sdk(host_code, tmp_path, handler):
    sdk = tmp_path / "sdk"
    sdk.mkdir()
    for package in ("boto3", "botocore", "s3transfer", "dateutil", "urllib3", "six"):
        found = importlib.util.find_spec(package)
        assert found
        assert found.origin
        origin = Path(found.origin)
        source = origin if package == "six" else origin.parent
        (sdk / source.name).symlink_to(source)
    program = (
        f"import sys; sys.path[:0] = [{str(host_code)!r}, {str(sdk)!r}]\n"
        f"import lambdas.{handler} as function\n"
        "assert callable(function.handler)\n"
        "assert all('site-packages' not in entry for entry in sys.path), sys.path\n"
    )
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_cannot_be_fetched_is_said_clearly(clone, tmp_path, monkeypatch):
    (clone / "lambdas" / "requirements.txt").write_text("no-such-distribution==9.9.9\n")
    monkeypatch.setenv("UV_OFFLINE", "1")
    cache = tmp_path / "cache"
    with pytest.raises(DependenciesUnavailable) as raised:
        build(runtime="python3.13", architecture="arm64", bundle_for="lambda", root=clone, cache=cache)
    message = str(raised.value)
    assert "lambdas/requirements.txt" in message
    assert "no-such-distribution" in message
    assert "access to the package index" in message
    assert not list(cache.iterdir()), "half a build was kept"


def test_what_is_cached_needs_no_network(tmp_path, monkeypatch, host_code):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    assert build(runtime="python3.13", architecture="arm64", bundle_for="host") == host_code
    assert not list(tmp_path.iterdir())
