"""The workflows of GitHub Actions: checks on each pull request, a deployment without stored keys."""

import re
from pathlib import Path

import pytest
import yaml

WORKFLOWS = Path(__file__).parents[2] / ".github" / "workflows"
FILES = sorted(WORKFLOWS.glob("*.yml"))


def read(name):
    return yaml.load((WORKFLOWS / f"{name}.yml").read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - texts only


def steps(name):
    [job] = read(name)["jobs"].values()
    return job, job["steps"]


def test_a_pull_request_runs_what_ci_runs():
    checks = read("checks")
    assert "pull_request" in checks["on"]
    assert checks["permissions"] == {"contents": "read"}
    assert ".ci/run" in [step.get("run") for step in steps("checks")[1]]


def test_a_deployment_has_no_key_and_asks_for_a_token_of_its_environment():
    job, does = steps("deploy")
    assert list(read("deploy")["on"]) == ["workflow_dispatch"]
    assert job["environment"] == "${{ inputs.environment }}"
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["if"] == "github.ref == 'refs/heads/main'"
    [credentials] = [step for step in does if "configure-aws-credentials" in step.get("uses", "")]
    assert set(credentials["with"]) == {"role-to-assume", "aws-region"}
    assert credentials["with"]["role-to-assume"] == "${{ vars.AWS_DEPLOY_ROLE }}"
    commands = [step["run"] for step in does if "run" in step]
    assert commands[-1].startswith("make deploy")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_workflow_reads_a_secret_or_puts_an_input_into_a_command(file):
    text = file.read_text()
    assert "secrets." not in text
    assert not re.findall(r"run: .*\$\{\{", text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_action_is_pinned_to_a_commit(file):
    used = re.findall(r"uses: (\S+)(.*)", file.read_text())
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action
