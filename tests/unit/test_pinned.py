"""What is installed or built is what was locked, to the byte: packages by hashes, images by digest."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (".", "checks", "lambdas", "localaws", "sidecar", "training")
LOCKS = [ROOT / folder / "requirements.txt" for folder in FOLDERS]
DOCKERFILES = sorted(
    file for folder in ("sidecar", "training") for file in ROOT.glob(f"{folder}/**/Dockerfile")
)
_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9][^\s=]*)==\S+.*$", re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda file: file.parent.name)
def test_every_package_of_a_lock_has_its_hashes(lock):
    text = lock.read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert len(entries) == len(_REQUIREMENT.findall(text)) > 2
    without = [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert without == []


@pytest.mark.parametrize(
    "file", ["Makefile", "infra/lambda_code.py", "sidecar/Dockerfile", "training/Dockerfile"]
)
def test_who_installs_demands_them(file):
    assert "--require-hashes" in (ROOT / file).read_text()


def test_an_image_is_built_on_one_that_is_named_by_digest_and_pulled_without_limits():
    assert DOCKERFILES
    for file in DOCKERFILES:
        bases = re.findall(r"^FROM (\S+)", file.read_text(), re.MULTILINE)
        assert bases
        for base in bases:
            assert re.fullmatch(r"public\.ecr\.aws/\S+:\S+@sha256:[0-9a-f]{64}", base), f"{file}: {base}"
