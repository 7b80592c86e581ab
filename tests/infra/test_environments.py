"""The local and the production templates differ by configuration values, each of which is listed here."""

import re

import pytest

from tests.infra.templates import STACKS, Synthesis

DEFINITION = r"PulseCompute\.Training(Ec2)?Definition\w+\.Properties"
CODE = r"PulseJobs\.\w+Function\w+"
DIFFERENCES = {
    # where in the templates: which value of the configuration it is
    r"PulseStorage\.(Data|Results)Bucket\w+\.Properties\.BucketName": "buckets.*.name",
    r"PulseStorage\.LedgerTable\w+\.Properties\.DeletionProtectionEnabled": "ledger.deletion_protection",
    r"PulseCompute\.Environments\w+\..*\.MaxvCpus": "compute_environments.*.max_vcpus",
    rf"{DEFINITION}\.ContainerProperties\.ResourceRequirements\.\d\.Value": "profiles.default",
    rf"{DEFINITION}\.Timeout\.\w+": "profiles.default.timeout_seconds",
    r"PulseCompute\.TrainingLogs\w+\.Properties\.RetentionInDays": "container.log_retention_days",
    r"PulseJobs\.\w+Logs\w+\.Properties\.RetentionInDays": "functions.log_retention_days",
    r"PulseJobs\.Alerts(Topic|Alarms)\w+com\w+\.(Type|Properties\..*)": "alerts.emails",
    rf"{CODE}\.Properties\.Code\.S3Key": "functions.bundle_for",
    r"Pulse\w+\.\w*Read(Data|Results)Bucket\w+\.Properties\.Description": "buckets.*.name",
    r"PulseJobs\.\w+Read\w+Definition\w+\.Properties\.Description": "profiles.default",
    r"PulseJobs\.\w+Read\w+Environment\w+\.Properties\.Description": "compute_environments.*.max_vcpus",
    r"PulseCompute\.Queues\w+instance\w+\.Properties\.JobStateTimeLimitActions.*": (
        "queues.*.job_state_time_limits"
    ),
    rf"{CODE}\.Properties\.Environment\.Variables\.PULSE_PROFILES": "profiles",
    rf"{CODE}\.Properties\.Environment\.Variables\.PULSE_QUEUES\..*": "compute_environments.*.max_vcpus",
    rf"{CODE}\.Properties\.Environment\.Variables\.PULSE_PATIENCE": "reconcile.patience",
    rf"{CODE}\.Properties\.Environment\.Variables\.PULSE_ACCESS": "access",
    r"PulseJobs\.ReconcileJobsClock\w+\.Properties\.ScheduleExpression": "reconcile.every_minutes",
    rf"{CODE}\.Properties\.Environment\.Variables\.PULSE_SLACK_HOSTS": "alerts.slack.allowed_hosts",
    rf"{CODE}\.Properties\.Environment\.Variables\.PULSE_SLACK_RATE\w+": "alerts.slack.rate_per_second",
}


def leaves(value, path: str):
    """Every value of a template with its path; a list counts as its items, an empty one as itself."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for i, below in enumerate(value):
            yield from leaves(below, f"{path}.{i}")
    else:
        yield path, value


def flat(synthesis: Synthesis) -> dict[str, object]:
    return {
        path: value
        for stack in STACKS
        for path, value in leaves(synthesis.templates[stack]["Resources"], stack)
        if ".Metadata." not in path
    }


@pytest.fixture(scope="module")
def differing(local, production) -> list[str]:
    here, there = flat(local), flat(production)
    absent = object()
    return [path for path in sorted({*here, *there}) if here.get(path, absent) != there.get(path, absent)]


def test_every_difference_is_a_value_of_the_configuration(differing):
    known = [re.compile(pattern) for pattern in DIFFERENCES]
    assert [path for path in differing if not any(pattern.fullmatch(path) for pattern in known)] == []


def test_the_list_of_differences_has_nothing_that_does_not_differ(differing):
    assert [p for p in DIFFERENCES if not any(re.fullmatch(p, path) for path in differing)] == []


def test_parameters_conditions_and_outputs_are_the_same(local, production):
    for stack in STACKS:
        for section in ("Parameters", "Conditions", "Rules", "Mappings"):
            assert local.templates[stack].get(section) == production.templates[stack].get(section)
        assert set(local.templates[stack].get("Outputs", {})) == set(
            production.templates[stack].get("Outputs", {})
        )


def test_prices_of_another_region_are_a_warning_at_synth(synthesize, local):
    """The region is that of the configuration, or of the credentials that the CDK's command line found."""
    words = "jobs run in eu-central-1, where they differ"
    assert words in _all_said(synthesize("everything"))
    assert words not in _all_said(local)


def _all_said(synthesis):
    return "".join(file.read_text() for file in synthesis.folder.glob("*.json"))
