"""`pulse doctor` on the local AWS, where all but its quotas can be asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.deployment import Deployment

pytestmark = pytest.mark.local
PULSE = Path(sys.executable).with_name("pulse")


def test_a_fresh_deployment_is_well(pulse: Deployment):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [PULSE, "doctor", "--env", "local", "--json"],
        env=kept | pulse.found.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    findings = {each["what"]: each for each in json.loads(done.stdout)}
    assert [each for each in findings.values() if each["verdict"] == "failed"] == []
    assert done.returncode == 0, done.stderr
    for what in ("credentials", "region", "CDK bootstrap", "Slack webhook", "alerts to", "alarms to"):
        assert findings[what]["verdict"] == "ok", findings[what]
    assert findings["queue pulse-retrodiction-job-queue"]["found"] == "VALID, ENABLED"
    assert {what for what in findings if what.startswith("dead letters")} == {
        "dead letters: dropped objects",
        "dead letters: job events",
        "dead letters: alerts",
    }
