"""Several environments in one account and region: nothing that is unique there has the same name twice."""

import json
import re

import pytest

from infra.config.load import ConfigError, load

PLAIN = """
queues:
  pulse-retrodiction-job-queue: {on_demand_queue: pulse-retrodiction-on-demand-queue}
  pulse-retrodiction-on-demand-queue: {priority: 10, environments: [fargate]}
"""
STAGING = "names: {environment: staging}" + PLAIN
UNIQUE = re.compile(r"(Name|DisplayName|Namespace)\Z")
SHARED = {
    "ParameterName", "MetricName", "AttributeName", "KeyName", "IndexName", "DeviceName", "StageName",
    "RuleName", "PolicyName",
}  # fmt: skip
"""Names within something that has one of its own."""


@pytest.fixture(scope="session")
def staging(synthesize):
    return synthesize("staging", STAGING)


@pytest.fixture(scope="session")
def plain(synthesize):
    return synthesize("plain", PLAIN)


def names(value, kind=""):
    """(property, name) of whatever a template names with words of its own."""
    if isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, str) and UNIQUE.search(key) and key not in SHARED:
                yield (f"{kind} {key}", each)
            else:
                yield from names(each, value.get("Type", kind) if "Type" in value else kind)
    elif isinstance(value, list):
        for each in value:
            yield from names(each, kind)


def of_pulse(synthesis):
    """Without what AWS names, such as its namespaces of metrics and the managed images."""
    found = {each for template in synthesis.templates.values() for each in names(template["Resources"])}
    return {(where, name) for where, name in found if "pulse" in name.lower()}


def test_two_environments_share_no_name(plain, staging):
    theirs, ours = of_pulse(plain), of_pulse(staging)
    assert len(ours) == len(theirs) > 20
    assert ours & theirs == set()
    assert all("staging" in name.lower() for _, name in ours)


def test_metrics_and_the_dashboard_carry_the_environment(plain, staging):
    for synthesis, namespace in ((plain, "Pulse"), (staging, "Pulse/staging")):
        functions = synthesis.resources("Lambda::Function").values()
        told = {each["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"] for each in functions}
        assert told == {namespace}
        [dashboard] = synthesis.resources("CloudWatch::Dashboard").values()
        shown = set(
            re.findall(r"Pulse(?:/[a-z]+)?(?=[,\\\"]+(?:service|Submitted|Drift))", json.dumps(dashboard))
        )
        assert shown == {namespace}


def test_requests_of_staging_go_to_its_own_queues(config_folder, staging):
    config = load("staging", config_folder)
    assert {profile.queue for profile in config.profiles.values()} <= set(config.queues)
    assert set(config.queues) == {
        "pulse-retrodiction-job-queue-staging",
        "pulse-retrodiction-on-demand-queue-staging",
        "pulse-retrodiction-fair-queue-staging",
    }
    queue = config.queues["pulse-retrodiction-job-queue-staging"]
    assert queue.on_demand_queue in config.queues
    assert config.tags["Environment"] == "staging"


@pytest.mark.parametrize(
    ("names", "at"),
    [
        ("environment: Staging", "names.environment"),
        ("{environment: a, job_definition: %s}" % ("d" * 127), "names.job_definition"),
    ],
)
def test_a_name_that_would_not_fit_is_said_before_the_synth(config_folder, names, at):
    (config_folder / "unfit.yaml").write_text(f"names: {names}" if names[0] == "{" else f"names:\n  {names}")
    with pytest.raises(ConfigError, match=at):
        load("unfit", config_folder)
