"""Every environment synthesized once a test run, with cdk-nag watching: its templates and its findings."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra import templates
from tests.infra.templates import ROOT, Synthesis


@pytest.fixture(scope="session")
def config_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of config/ that tests may add environments to."""
    folder = tmp_path_factory.mktemp("configuration") / "config"
    shutil.copytree(ROOT / "config", folder)
    return folder


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """What all processes of this test run have synthesized."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "assemblies"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def synthesize(assemblies: Path, config_folder: Path) -> Callable[..., Synthesis]:
    """`synthesize("local")`, or `synthesize("mine", "network: {mode: nat}")` for an environment of a test. No
    other test has one of that name.
    """
    done: dict[str, Synthesis] = {}
    for environment in ("everything.yaml", "isolated.yaml"):
        shutil.copy(Path(__file__).parent / environment, config_folder)

    def run(name: str, yaml: str | None = None) -> Synthesis:
        if name not in done:
            if yaml is not None:
                (config_folder / f"{name}.yaml").write_text(yaml)
            done[name] = templates.synthesize(name, config_folder, assemblies / name)
        return done[name]

    return run


@pytest.fixture(scope="session")
def local(synthesize: Callable[..., Synthesis]) -> Synthesis:
    return synthesize("local")


@pytest.fixture(scope="session")
def production(synthesize: Callable[..., Synthesis]) -> Synthesis:
    return synthesize("prod.example")
