"""What docs/your-own-training.md promises a newcomer: from nothing to an alert with their metric."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from localaws import instance
from tests.local.deployment import until

pytestmark = pytest.mark.local
PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT = PROJECT / "docs" / "your-own-training.md"
OWN = (".git", ".venv", "node_modules", ".cache", ".localaws", "cdk.out", "__pycache__", ".*_cache")
MOST_COMMANDS = 7
MINUTES = 8 * 60


def commands() -> list[str]:
    """Those of the document's first console, without their comments."""
    block = DOCUMENT.read_text().split("```console\n")[1].split("```")[0]
    return [line[2:].partition("  #")[0].strip() for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture
def project(tmp_path: Path):
    """A copy of the project, with the packages that this one has."""
    copy = tmp_path / "project"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns(*OWN), symlinks=True)
    for name in ("node_modules", ".cache"):
        (copy / name).symlink_to(PROJECT / name)
    tool = tmp_path / "bin" / "pulse"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m pulse.cli "$@"\n')
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    yield copy
    instance.down(tmp_path / "root", erase=True)


def test_should_bring_a_newcomer_from_nothing_to_an_alert_with_their_metric(project: Path, tmp_path: Path):
    typed = commands()
    assert len(typed) <= MOST_COMMANDS
    here = os.pathsep.join(map(str, (project, project / "training")))
    tools = (tmp_path / "bin", PROJECT / "node_modules" / ".bin", os.environ["PATH"])
    environment = os.environ | {
        "PATH": os.pathsep.join(map(str, tools)),
        "PYTHONPATH": here,
        "LOCALAWS_ROOT": str(tmp_path / "root"),
        "LOCALAWS_CACHE": str(PROJECT / ".cache"),
        "COLUMNS": "120",
    }
    script = "\n".join(["set -e", *typed, 'echo "inbox $PULSE_INBOX_URL"'])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=MINUTES,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "churn works" in done.stdout
    assert done.stdout.count("accuracy 0.9663") >= 2, done.stdout
    url = done.stdout.rpartition("inbox ")[2].strip()
    until(lambda: "accuracy 0.9663, log_loss 0.2031" in messages(url), "the alert with the metric")


def messages(url: str) -> str:
    """All that has arrived in the inbox."""
    return str(httpx.get(f"{url}/messages", trust_env=False).text)
