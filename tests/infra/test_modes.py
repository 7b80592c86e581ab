"""What is deployed can be read by those who run it, whatever the umask of the checkout and of the synth."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from infra.constructs.training_job import FOLDER
from infra.lambda_code import ROOT
from localaws.images.dockerfile import parse

SYNTH = """
import json, os, sys
os.umask(0o077)
from pathlib import Path
import aws_cdk as cdk
from infra.lambda_code import build
folder = build(runtime="python3.13", architecture="arm64", bundle_for="host", cache=Path(sys.argv[1]))
stack = cdk.Stack(cdk.App(outdir=sys.argv[2]), "Stack")
staged = cdk.AssetStaging(stack, "Code", source_path=str(folder), asset_hash=folder.name)
print(json.dumps([str(folder), staged.absolute_staged_path]))
"""


def unreadable(folder: Path) -> list[Path]:
    """What a user who is neither owner nor of the group cannot read, or enter."""
    needed = {True: stat.S_IROTH | stat.S_IXOTH, False: stat.S_IROTH}
    found = [folder, *folder.rglob("*")]
    return [entry for entry in found if needed[entry.is_dir()] & ~stat.S_IMODE(entry.stat().st_mode)]


def test_lambda_can_read_functions_that_were_synthesized_under_a_strict_umask(tmp_path):
    """Lambda runs as another user, and a zip keeps the modes of its files; folders it makes itself."""
    done = subprocess.run(
        [sys.executable, "-c", SYNTH, str(tmp_path / "cache"), str(tmp_path / "cdk.out")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    built, staged = map(Path, json.loads(done.stdout.splitlines()[-1]))
    assert unreadable(built) == []
    assert [entry for entry in unreadable(staged) if entry.is_file()] == []


@pytest.fixture
def image(tmp_path) -> Path:
    """The folder of the image's WORKDIR, as COPY makes it from a checkout under umask 077."""
    app = tmp_path / "app"
    for file in FOLDER.rglob("*.py"):
        copy = app / file.relative_to(FOLDER)
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy.write_bytes(file.read_bytes())
    for entry in [app, *app.rglob("*")]:
        entry.chmod(0o700 if entry.is_dir() else 0o600)
    return app


def test_the_image_s_user_can_read_a_training_that_was_checked_out_under_a_strict_umask(image):
    instructions = parse((FOLDER / "Dockerfile").read_text())
    copied = max(i for i, each in enumerate(instructions) if each.name == "COPY")
    for each in instructions[copied:]:
        for command in each.rest.split("&&") if each.name == "RUN" else ():
            if "chmod" in command and "/app" in command:
                subprocess.run(["sh", "-c", command.replace("/app", str(image))], check=True)
    assert unreadable(image) == []
