"""One folder for all functions, built without Docker: our code and what lambdas/requirements.txt names.

The same inputs give the same hash of the asset, which changes only when the functions' code does. Only what
functions import goes in: a change of the command line does not redeploy them.
"""

import compileall
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

from msgspec.json import encode
from uv import find_uv_bin

from infra.config.load import load
from infra.config.model import Functions
from pulse.domain.training.definition import DescribedTrainings
from pulse.settings import TRAININGS_FILE

ROOT = Path(__file__).resolve().parent.parent
NONE_DESCRIBED = DescribedTrainings()
CACHE = ROOT / ".cache" / "lambda-code"
CODE = (
    "lambdas/**/*.py",
    "pulse/__init__.py",
    "pulse/settings.py",
    *(f"pulse/{layer}/**/*.py" for layer in ("domain", "services", "api", "aws")),
    "samples/requests/*.json",  # examples in the API's description of itself
)
IN_RUNTIME = ("boto3", "botocore", "s3transfer")
"""The Lambda runtime has the AWS SDK: https://docs.aws.amazon.com/lambda/latest/dg/python-package.html"""
PLATFORMS = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}
HOST = "host"


class DependenciesUnavailable(Exception):
    """Raised when the functions' dependencies are neither in the cache nor to be fetched."""


def fetch() -> None:
    """What the functions of default.yaml and local.yaml need, so that their synth needs no network. Raises
    DependenciesUnavailable.
    """
    for environment in (None, "local"):
        build_for(load(environment).functions)


def build_for(functions: Functions, trainings: DescribedTrainings = NONE_DESCRIBED) -> Path:
    """The folder to deploy; `trainings` are the described ones. Raises DependenciesUnavailable."""
    return build(
        runtime=functions.runtime,
        architecture=functions.architecture,
        bundle_for=functions.bundle_for,
        trainings=trainings,
    )


def build(
    *,
    runtime: str,
    architecture: str,
    bundle_for: str,
    trainings: DescribedTrainings = NONE_DESCRIBED,
    root: Path = ROOT,
    cache: Path = CACHE,
) -> Path:
    """The folder to deploy, for a runtime such as `python3.13` on `arm64` or `x86_64`, or for this
    interpreter when `bundle_for` is `host`. Needs the network only the first time.

    Raises DependenciesUnavailable.
    """
    if bundle_for == HOST:
        target = ["--python", sys.executable]
        key = f"{sys.implementation.cache_tag}-{sys.platform}-{os.uname().machine}"
    else:
        version = runtime.removeprefix("python")
        target = ["--python-version", version, "--python-platform", PLATFORMS[architecture]]
        key = f"{version}-{architecture}"
    # Lambda cannot keep what it compiles, so every cold start would do it anew. Compiled files are for one
    # version of Python: they go in when the one that synthesizes is the one that will run them.
    compiled = bundle_for == HOST or runtime == f"python{sys.version_info[0]}.{sys.version_info[1]}"
    requirements = root / "lambdas" / "requirements.txt"
    dependencies = _dependencies(requirements, target, key, cache, compiled=compiled)
    code = list(_code(root))
    if trainings.trainings:
        code.append((TRAININGS_FILE, encode(trainings, order="sorted")))
    digest = _digest(
        [dependencies.name.encode(), *(f"{name}\0".encode() + content for name, content in code)]
    )
    return _once(cache / digest, lambda folder: _assemble(folder, dependencies, code, compiled=compiled))


def _dependencies(requirements: Path, target: list[str], key: str, cache: Path, *, compiled: bool) -> Path:
    # With this file, which decides what is left out.
    made_from = [requirements.read_bytes(), Path(__file__).read_bytes(), key.encode()]
    digest = _digest([*made_from, b"compiled" if compiled else b""])

    def install(folder: Path) -> None:
        uv = [
            find_uv_bin(),
            "pip",
            "install",
            "--quiet",
            "--no-config",
            "--only-binary",
            ":all:",
            "--no-deps",
            "--require-hashes",
        ]
        where = ["--target", str(folder), "--requirement", str(requirements)]
        environment = {"UV_CACHE_DIR": str(ROOT / ".cache" / "uv"), **os.environ}
        done = subprocess.run(
            [*uv, *target, *where], capture_output=True, text=True, env=environment, check=False
        )
        if done.returncode:
            raise DependenciesUnavailable(
                f"The functions' dependencies ({requirements}) could not be fetched for {key}:\n"
                f"{done.stderr.strip()[-2000:]}\n"
                f"Run once with access to the package index; they are kept in {cache}."
            )
        for unwanted in list(_unwanted(folder)):
            shutil.rmtree(unwanted) if unwanted.is_dir() else unwanted.unlink()
        if compiled:
            _compile(folder, folder)

    return _once(cache / f"dependencies-{digest}", install)


def _unwanted(folder: Path) -> Iterator[Path]:
    """What differs from machine to machine, what the runtime has, and what nothing imports."""
    for entry in folder.iterdir():
        name = entry.name.partition("-")[0]
        if entry.name in ("bin", ".lock") or name in IN_RUNTIME:
            yield entry
        elif entry.name.endswith(".dist-info"):
            yield from (file for file in entry.iterdir() if file.name != "METADATA")
    yield from folder.glob("**/__pycache__")
    yield from folder.glob("**/swagger_ui/swagger-ui*")  # a page of Powertools that is never served


def _code(root: Path) -> Iterator[tuple[str, bytes]]:
    """Read once, so that what is hashed is what is deployed even while somebody saves a file."""
    for pattern in CODE:
        for file in sorted(root.glob(pattern)):
            yield file.relative_to(root).as_posix(), file.read_bytes()


def _assemble(folder: Path, dependencies: Path, code: list[tuple[str, bytes]], *, compiled: bool) -> None:
    # Links: what does not change takes no room again.
    shutil.copytree(dependencies, folder, dirs_exist_ok=True, copy_function=os.link)
    for name, content in code:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    if compiled:
        for package in sorted({name.partition("/")[0] for name, _ in code if name.endswith(".py")}):
            _compile(folder / package, folder)


def _compile(part: Path, folder: Path) -> None:
    """Beside each source. Unchecked: the file times in a zip say nothing of what was compiled from what."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(part, quiet=2, stripdir=str(folder), invalidation_mode=mode)


def _once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """`folder`, filled beside its place and then moved there, so that it is whole or not there at all."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as scratch:
            fresh = Path(scratch) / folder.name
            fresh.mkdir()
            fill(fresh)
            _let_all_read(fresh)
            try:
                fresh.rename(folder)
            except OSError:  # another synth was faster with the same content
                if not folder.is_dir():
                    raise
    return folder


def _let_all_read(folder: Path) -> None:
    """Lambda runs as another user, the zip keeps these modes, and no hash tells them: a strict umask would
    deploy functions that cannot be read.
    """
    for entry in (folder, *folder.rglob("*")):
        entry.chmod(0o755 if entry.is_dir() else 0o644)


def _digest(parts: list[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:32]


if __name__ == "__main__":
    fetch()
