"""`pulse local replay` as a person types it, of jobs that were recorded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.deployment import Deployment

pytestmark = pytest.mark.local
RECORDING = Path(__file__).parents[2] / "samples" / "events" / "jobs.jsonl"
SECONDS = 400


def typed(pulse: Deployment, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pulse.cli.main import app; app()", "local", "replay", *arguments]
    env = os.environ | {"LOCALAWS_ROOT": str(pulse.found.root), "COLUMNS": "150"}
    return subprocess.run(
        command,
        env=env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_should_end_as_in_order_however_the_events_come(pulse: Deployment):
    done = typed(pulse, str(RECORDING), "--shuffle", "--double", "0.5", "--seed", "11")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the same") == 7
    assert "7 jobs, 36 events: 0 lost" in done.stderr


def test_should_say_what_a_lost_event_leaves_to_the_reconciler(pulse: Deployment):
    done = typed(pulse, str(RECORDING), "--drop", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("a lost event: the reconciler's") == 7
