"""The alarms and the dashboard of PulseJobs: what can fail has its alarm, and people can read it."""

import json
import re

import pytest

from lambdas.common import telemetry
from tests.infra.templates import text

ERRORS, THROTTLES = ("AWS/Lambda", "Errors"), ("AWS/Lambda", "Throttles")
DEAD_LETTERS = ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
AGE = ("AWS/SQS", "ApproximateAgeOfOldestMessage")
FAILED, DRIFT = ("Pulse", "Failed"), ("Pulse", "Drift")
SERVER_ERRORS = ("AWS/ApiGateway", "5xx")
LIMITS = {
    # metric: (statistic, seconds, raised when it reaches)
    ERRORS: ("Sum", 300, 1),
    THROTTLES: ("Sum", 300, 1),
    DEAD_LETTERS: ("Maximum", 60, 1),
    AGE: ("Maximum", 300, 1800),
    FAILED: ("Sum", 3600, 5),
    DRIFT: ("Sum", 300, 1),
    SERVER_ERRORS: ("Sum", 300, 1),
}


def stat(alarm):
    """The one metric of an alarm, in whichever of the two forms: (namespace, name), dimensions, statistic."""
    if "Metrics" in alarm:
        [metric] = alarm["Metrics"]
        alarm = (
            metric["MetricStat"]
            | metric["MetricStat"]["Metric"]
            | {"Statistic": metric["MetricStat"]["Stat"]}
        )
    dimensions = tuple((d["Name"], text(d["Value"])) for d in alarm["Dimensions"])
    return (alarm["Namespace"], alarm["MetricName"]), dimensions, (alarm["Statistic"], alarm["Period"])


def watched(synthesis, metric):
    """What alarms on a metric watch."""
    found = [stat(alarm) for alarm in synthesis.resources("CloudWatch::Alarm").values()]
    return sorted(dimensions for name, dimensions, _ in found if name == metric)


@pytest.fixture
def alarms(local):
    return local.resources("CloudWatch::Alarm")


@pytest.fixture
def widgets(local):
    [dashboard] = local.resources("CloudWatch::Dashboard").values()
    return json.loads(text(dashboard["DashboardBody"]))["widgets"]


@pytest.mark.parametrize("metric", [ERRORS, THROTTLES])
@pytest.mark.parametrize("environment", ["local", "prod.example", "everything", "isolated"])
def test_every_function_has_an_alarm(synthesize, environment, metric):
    synthesis = synthesize(environment)
    functions = synthesis.resources("Lambda::Function")
    assert watched(synthesis, metric) == sorted((("FunctionName", name),) for name in functions)


@pytest.mark.parametrize("environment", ["local", "prod.example", "everything", "isolated"])
def test_every_queue_has_an_alarm_and_every_dead_letter_queue_has_one(synthesize, environment):
    synthesis = synthesize(environment)
    queues = synthesis.resources("SQS::Queue")
    dead = {text(q["RedrivePolicy"]["deadLetterTargetArn"]) for q in queues.values() if "RedrivePolicy" in q}
    dead = {name.removesuffix(".Arn") for name in dead}
    for metric, names in ((AGE, queues.keys() - dead), (DEAD_LETTERS, dead)):
        assert names
        assert watched(synthesis, metric) == sorted((("QueueName", f"{n}.QueueName"),) for n in names)


def test_failed_jobs_drift_and_the_api_s_errors_have_an_alarm(local):
    assert watched(local, FAILED) == [(("service", "on_job_event"),)]
    assert watched(local, DRIFT) == [(("service", "reconcile_jobs"),)]
    assert watched(local, SERVER_ERRORS) == [(("ApiId", "HttpApi"),)]


def test_alarms_are_raised_at_these_limits(alarms):
    for name, alarm in alarms.items():
        metric, _, (statistic, period) = stat(alarm)
        assert (statistic, period, alarm["Threshold"]) == LIMITS[metric], name
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold", name
        assert alarm["EvaluationPeriods"] == alarm.get("DatapointsToAlarm", 1) == 1, name
        assert alarm["TreatMissingData"] == "notBreaching", name


def test_all_alarms_go_to_the_alarms_topic(alarms):
    for name, alarm in alarms.items():
        assert [text(action) for action in alarm["AlarmActions"]] == ["AlertsAlarms"], name
        assert alarm.get("ActionsEnabled", True) is True, name


def test_an_alarm_s_name_is_a_subject_and_its_description_says_what_to_do(alarms):
    names = [alarm["AlarmName"] for alarm in alarms.values()]
    assert len(set(names)) == len(names) == 21
    for alarm in alarms.values():
        assert re.fullmatch(r"PulseJobs: [\w ,]{6,60}", alarm["AlarmName"])
        means, _, next_step = alarm["AlarmDescription"].partition(". ")
        assert len(means) > 20, alarm["AlarmName"]
        assert re.match(r"(Read|Look|Raise) ", next_step), alarm["AlarmName"]
        assert len(alarm["AlarmDescription"]) <= 1024  # PutMetricAlarm's limit
        if stat(alarm)[0] == DEAD_LETTERS:
            assert "pulse queue redrive" in next_step


def test_the_dashboard_shows_the_path_of_a_job_from_left_to_right(widgets):
    graphs = [w for w in widgets if w["type"] == "metric"]
    in_order = sorted(graphs, key=lambda w: (w["y"], w["x"]))
    assert [w["properties"]["title"] for w in in_order] == [
        "Calls",
        "Drops",
        "Submitted",
        "Queue wait (seconds)",
        "Running time (seconds)",
        "Ended",
        "Cost (US dollars)",
        "Alerts",
        "Age of the oldest message (seconds)",
        "Dead letters",
        "Drift (jobs)",
        "Errors",
        "Throttles",
        "Duration, 95th percentile (milliseconds)",
    ]


def test_the_dashboard_shows_each_of_our_metrics_and_no_other_of_that_namespace(widgets):
    lines = [m for w in widgets if w["type"] == "metric" for m in w["properties"]["metrics"]]
    ours = {m[1] for m in lines if m[0] == telemetry.NAMESPACE}
    assert ours == {str(name) for name in telemetry.Job}
    assert all(m[2] == "service" for m in lines if m[0] == telemetry.NAMESPACE)
    services = {m[3] for m in lines if m[0] == telemetry.NAMESPACE}
    assert services == {"submit_job", "on_job_event", "reconcile_jobs"}


def test_the_dashboard_searches_failures_by_the_cause_that_functions_write(widgets):
    [ended] = [w for w in widgets if w.get("properties", {}).get("title") == "Ended"]
    [search] = [m[0] for m in ended["properties"]["metrics"] if isinstance(m[0], dict)]
    schema = f"{{{telemetry.NAMESPACE},service,{telemetry.CAUSE}}}"
    assert search["expression"] == f"SEARCH('{schema} MetricName=\"{telemetry.Job.FAILED}\"', 'Sum', 3600)"


def test_there_is_one_dashboard(local, production):
    for synthesis in (local, production):
        [dashboard] = synthesis.resources("CloudWatch::Dashboard").values()
        assert dashboard["DashboardName"] == "PulseJobs"
