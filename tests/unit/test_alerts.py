"""What alerts say, by their causes. How they look is in test_alert_renderings.py."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pulse.domain import console
from pulse.domain.alerts.alert import Command, Fact
from pulse.domain.alerts.budget import budget_alert
from pulse.domain.alerts.job_ended import deserves_alert, job_alert
from pulse.domain.alerts.job_underway import blocked_alert, overdue_alert, started_alert, submitted_alert
from pulse.domain.alerts.rejected import drop_alert
from pulse.domain.console import Console
from pulse.domain.cost.months import Spent
from pulse.domain.diagnosis.children import Failures, as_one_run
from pulse.domain.errors import InvalidRequest
from pulse.domain.fault import counted
from pulse.domain.job.changes import advanced
from pulse.domain.job.event import Attempt
from pulse.domain.job.record import Change, JobRecord
from pulse.domain.request.alerts_wanted import AlertsWanted, is_wanted
from pulse.domain.request.drop import S3Drop
from pulse.domain.request.job_request import JobRequest
from pulse.domain.text.duration import in_words
from pulse.domain.training.metrics import TrainingMetrics, VariableMetrics
from pulse.domain.validation import collect
from tests.unit.alert_cases import DEPLOYMENT, DIED_OF_MEMORY, LARGER, NOW, ended, happened, submitted
from tests.unit.test_alert_renderings import SNS_BYTES, published_bytes

LONGEST_KEY = "datasets/" + "\U0001f4c8" * 253


def told(alert):
    return {fact.label: fact.value for fact in (*alert.facts, *alert.names)}


def failed(**changes):
    return structs.replace(submitted(), status="FAILED", **changes)


def test_should_say_that_a_job_reads_everything_when_it_names_no_data_set():
    alert = job_alert(structs.replace(ended(submitted(), "succeeded"), dataset=""), DEPLOYMENT)
    assert alert.headline == "Retrodiction of all data sets succeeded"
    assert Fact("Data set", "s3://pulse-data/datasets/") in alert.facts


def test_should_list_the_most_trusted_variables_when_there_are_many():
    many = {f"v{i:02}": VariableMetrics(trust=i / 100) for i in range(30)}
    alert = job_alert(ended(submitted(), "succeeded"), DEPLOYMENT, TrainingMetrics(variables=many))
    assert alert.table[1][0] == "v29"
    assert alert.table[-1][0] == "and 10 more"


def test_should_show_by_how_much_trust_and_skill_changed_since_the_run_before():
    now = {
        "a": VariableMetrics(trust=0.71, skill_vs_persistence=0.1),
        "b": VariableMetrics(trust=0.6, skill_vs_persistence=0.2),
        "new": VariableMetrics(trust=0.5),
        "c": VariableMetrics(trust=0.400, skill_vs_persistence=1e300),
    }
    before = {
        "a": VariableMetrics(trust=0.67, skill_vs_persistence=None),
        "b": VariableMetrics(trust=0.65, skill_vs_persistence=0.199),
        "c": VariableMetrics(trust=0.401, skill_vs_persistence=-1e300),
    }
    alert = job_alert(
        ended(submitted(), "succeeded"),
        DEPLOYMENT,
        TrainingMetrics(variables=now),
        previous=TrainingMetrics(variables=before),
    )
    assert [row[:3] for row in alert.table[1:]] == [
        ("a", "0.71 (+0.04)", "+0.10"),
        ("b", "0.60 (-0.05)", "+0.20 (+0.00)"),
        ("new", "0.50", "-"),
        ("c", "0.40 (+0.00)", "+1e+300 (+2e+300)"),
    ]
    assert "In parentheses" in alert.reason
    assert told(alert)["Compared to"] == "batch-20260301093000-9f8e7d6c"


def test_should_compare_to_nothing_when_there_was_no_run_before():
    metrics = TrainingMetrics(variables={"a": VariableMetrics(trust=0.7)})
    alert = job_alert(ended(submitted(), "succeeded"), DEPLOYMENT, metrics)
    assert alert.table[1][1] == "0.70"
    assert "In parentheses" not in alert.reason
    assert "Compared to" not in told(alert)


def test_should_say_nothing_of_what_is_usual_before_enough_was_run():
    ran = structs.replace(ended(submitted(), "succeeded"), usual=None, quoted_usd=None)
    facts = told(job_alert(ran, DEPLOYMENT))
    assert (facts["Waited"], facts["Ran"], facts["Cost"]) == ("42 s", "3 min 5 s", "$0.0027 estimated")


@pytest.mark.parametrize(
    ("cost_usd", "quoted_usd", "cost"),
    [
        (None, None, None),
        ("12.5", None, "$12.50 estimated"),
        ("0", None, "under $0.0001 estimated"),
        ("0", "0.5", "under $0.0001 estimated, 0 % of the $0.50 quoted"),
        ("12.5", "10", "$12.50 estimated, 125 % of the $10.00 quoted"),
        ("1234.5", "0.5", "$1,234.50 estimated, 246900 % of the $0.50 quoted"),
    ],
)
def test_should_tell_the_cost_against_the_quote(cost_usd, quoted_usd, cost):
    money = {"cost_usd": cost_usd, "quoted_usd": quoted_usd}
    usd = {name: None if amount is None else Decimal(amount) for name, amount in money.items()}
    record = failed(ran_seconds=185.0, **usd)
    assert told(job_alert(record, DEPLOYMENT)).get("Cost") == cost


def test_should_say_of_a_job_that_never_ran_that_it_cost_nothing():
    record = failed(cost_usd=Decimal(0), quoted_usd=Decimal("0.5"), ran_seconds=None)
    assert told(job_alert(record, DEPLOYMENT))["Cost"] == "nothing: it never ran"


def test_should_tell_how_attempts_ended_without_secrets():
    pull = "CannotPullContainerError: Get https://robot:hunter2secret@registry.example.com/v2/: denied"
    alert = job_alert(failed(attempts=2, tries=(Attempt(status_reason=pull),) * 2), DEPLOYMENT)
    assert "2: CannotPullContainerError" in told(alert)["Attempts"]
    assert "hunter2" not in str(alert)


def test_should_tell_how_each_attempt_ended():
    tries = (
        Attempt(status_reason="Your Spot Task was interrupted."),
        Attempt(status_reason="Your Spot Task was interrupted."),
        Attempt(exit_code=75, reason=""),
    )
    facts = told(job_alert(failed(attempts=3, tries=tries), DEPLOYMENT))
    assert facts["Attempts"] == "3: Your Spot Task was interrupted. (2 times); exit code 75"


@pytest.mark.parametrize(
    ("status_reason", "helps", "label"),
    [
        ("Your Spot Task was interrupted.", "helps", "Run it again"),
        (
            "Dependent Job failed",
            "does not help unless something is changed first",
            "Then run it again",
        ),
    ],
)
def test_should_say_whether_trying_again_helps(status_reason, helps, label):
    alert = job_alert(failed(status_reason=status_reason), DEPLOYMENT)
    assert told(alert)["Trying again"] == helps
    assert alert.commands[0] == Command(label, "pulse rerun batch-20260302093000-0a1b2c3d")


@pytest.mark.parametrize(("version", "commands"), [("v1", []), ("", ["Then run it again"])])
def test_should_offer_no_rerun_of_a_version_that_nobody_can_read(version, commands):
    """A repaired file that is dropped again starts a job of its own."""
    alert = job_alert(failed(exit_code=65, dataset_version_id=version), DEPLOYMENT)
    assert alert.next_step.endswith("Repair the file and drop it again.")
    assert [command.label for command in alert.commands] == commands


def test_should_offer_no_rerun_when_one_is_under_way_or_cannot_be():
    """The request of another client's job is not known."""
    died = failed(exit_code=137, reason="OutOfMemoryError: Container killed", log_stream="a/b")
    again = job_alert(died, DEPLOYMENT, rerun=LARGER)
    assert again.next_step == (
        "Nothing: it died of memory, so it is submitted again with 2 vCPU and 4096 MiB. If that is refused, "
        "another alert says so."
    )
    assert "Trying again" not in told(again)
    for alert in (again, job_alert(structs.replace(died, foreign=True), DEPLOYMENT)):
        assert [command.line for command in alert.commands] == ["pulse logs batch-20260302093000-0a1b2c3d"]


def test_should_find_the_cause_in_the_log_and_show_it_without_secrets():
    log = (
        *("older",) * 30,
        "export AWS_SECRET_ACCESS_KEY=hunter2",
        "MemoryError: Unable to allocate 14.9 GiB",
    )
    alert = job_alert(failed(exit_code=1), DEPLOYMENT, log=log)
    assert alert.cause == "out-of-memory"
    assert alert.log[-2:] == (
        "export AWS_SECRET_ACCESS_KEY=[redacted]",
        "MemoryError: Unable to allocate 14.9 GiB",
    )
    assert len(alert.log) == 20


def test_should_tell_of_an_array_what_its_commonest_failure_was_and_what_helps():
    array = ended(structs.replace(submitted(), array_size=24), "failed_array_parent")
    alert = job_alert(array, DEPLOYMENT, failed=DIED_OF_MEMORY)
    assert alert.headline.endswith(" failed: 3 of 24 children, most often out of memory")
    assert alert.reason.startswith(
        "3 of 24 children failed: children 4, 7 and 19; 2 of them: out of memory. Child 7: The container "
    )
    assert (alert.cause, alert.next_step) == (
        "out-of-memory",
        "Submit it again with more memory_mib or a larger profile.",
    )
    assert Command("Read its log", "pulse logs batch-20260302093000-0a1b2c3d --child 7") in alert.commands
    assert "0a1b2c3d4e5f" in next(link.url for link in alert.links if link.label == "Log")
    again = job_alert(array, DEPLOYMENT, failed=DIED_OF_MEMORY, rerun=LARGER)
    assert again.headline.endswith(" died of memory and runs again")
    assert again.severity == "warning"


def test_should_leave_it_at_the_array_where_no_child_is_known_or_somebody_cancelled_it():
    array = ended(structs.replace(submitted(), array_size=24), "failed_array_parent")
    unknown = job_alert(array, DEPLOYMENT, failed=Failures(count=3, of=24))
    assert unknown.headline.endswith(" failed: 3 of 24 children")
    assert unknown.cause == "array-child-failed"
    stopped = structs.replace(array, status_reason="enough", stopped_by_request=True)
    assert job_alert(stopped, DEPLOYMENT, failed=DIED_OF_MEMORY).cause == "cancelled"


@pytest.mark.parametrize(
    ("failed", "told"),
    [
        (
            Failures(count=1, of=3, indexes=(1,), cause="usage", with_cause=1),
            "1 of 3 children failed: child 1",
        ),
        (Failures(count=2, of=3, indexes=(0, 2)), "2 of 3 children failed: children 0 and 2"),
        (Failures(count=5, of=9, indexes=(3, 7)), "5 of 9 children failed: children 3, 7 and 3 more"),
        (
            Failures(count=20, of=100, indexes=(3, 7, 9)),
            "20 of 100 children failed: children 3, 7, 9 and 17 more",
        ),
        (
            Failures(count=12, of=12, indexes=tuple(range(12)), cause="usage", with_cause=9),
            "12 of 12 children failed: children 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more; 9 of them: usage",
        ),
        (Failures(count=2, of=3), "2 of 3 children failed"),
    ],
)
def test_should_count_and_name_the_children_that_failed(failed, told):
    assert str(failed) == told


@pytest.mark.parametrize(
    ("failed", "may_be"),
    [
        (DIED_OF_MEMORY, False),
        (structs.replace(DIED_OF_MEMORY, with_cause=3), True),
        (Failures(count=2, of=3, indexes=(1, 2), cause="training-error", with_cause=2), False),
        (Failures(count=1, of=3, indexes=(1,), cause="training-error", with_cause=1), True),
        (Failures(count=1, of=3), False),
    ],
)
def test_should_say_whether_all_children_that_are_known_may_have_died_of_memory(failed, may_be):
    assert failed.may_all_be("out-of-memory") is may_be


def test_should_tell_a_run_of_an_array_and_its_follower_as_a_whole():
    array = ended(structs.replace(submitted(), array_size=24), "succeeded")
    follower = structs.replace(array, job_id=f"{array.job_id}-merge", follows=array.job_id, array_size=None)
    later = structs.replace(
        follower,
        created_at=NOW + timedelta(minutes=1),
        started_at=array.stopped_at + timedelta(seconds=30),
        stopped_at=array.stopped_at + timedelta(seconds=45),
        ran_seconds=15.0,
        cost_usd=Decimal("0.0003"),
        quoted_usd=None,  # the array was quoted for both
        usual=None,
    )
    facts = told(job_alert(later, DEPLOYMENT, run=as_one_run(array, later)))
    assert (facts["Waited"], facts["Ran"]) == ("42 s", "3 min 50 s")
    assert facts["Cost"] == "$0.0030 estimated, 97 % of the $0.0031 quoted"
    assert facts["Children"] == "24"
    unknown = as_one_run(structs.replace(array, cost_usd=None, started_at=None), later)
    assert {"Cost", "Ran", "Waited"}.isdisjoint(told(job_alert(later, DEPLOYMENT, run=unknown)))


def test_should_call_a_job_of_another_client_by_its_name_and_send_nobody_where_nothing_may_be():
    other = structs.replace(ended(submitted(), "succeeded"), foreign=True, dataset="", job_name="nightly-etl")
    bare = job_alert(other, DEPLOYMENT, note="It wrote no metrics.json.")
    assert (bare.headline, bare.reason) == ("Job nightly-etl succeeded", "The job ended well.")
    assert "Results" not in told(bare)
    assert "s3://" not in bare.next_step
    assert [link.label for link in bare.links] == ["Log", "Job"]
    wrote = job_alert(other, DEPLOYMENT, TrainingMetrics(variables={"a": VariableMetrics(trust=0.7)}))
    assert told(wrote)["Results"] == "s3://pulse-results/results/batch-20260302093000-0a1b2c3d/"
    failed_so = structs.replace(other, status="FAILED", exit_code=9, log_stream="", cost_usd=None)
    alert = job_alert(failed_so, DEPLOYMENT)
    assert alert.headline == "Job nightly-etl failed with exit code 9"
    assert "no log of it is known" in alert.reason


def test_should_not_ask_whether_trying_again_helps_where_somebody_stopped_the_job():
    assert "Trying again" not in told(job_alert(failed(stopped_by_request=True), DEPLOYMENT))


def test_should_keep_the_last_line_of_the_log_whole():
    line = "No data for a. " + "x" * 400 + " Drop the variable or load it."
    alert = job_alert(failed(exit_code=67), DEPLOYMENT, log=(line, line))
    assert alert.log[1] == line
    assert len(alert.log[0]) == 240


def test_should_say_when_and_why_a_job_should_have_ended():
    running = advanced(submitted(), happened("running"))
    late = running.started_at + timedelta(seconds=7300)
    record = structs.replace(running, due_at=running.started_at + timedelta(hours=2), due_seconds=7200.0)
    asked = overdue_alert(record, DEPLOYMENT, now=late)
    assert asked.reason == (
        "The job has been running for 2 h 1 min, since 2026-03-02 09:30 UTC, and should have ended by "
        "2026-03-02 11:30 UTC: its request expects 2 h."
    )
    assert told(asked)["Running for"].startswith("2 h 1 min (usually 2 min 51 s")
    learned = overdue_alert(structs.replace(record, due_seconds=None), DEPLOYMENT, now=late)
    assert learned.reason.endswith(": 95 % of 24 earlier runs like it ended within 4 min 4 s.")
    bare = structs.replace(record, due_seconds=None, due_at=None, usual=None, attempts=2)
    assert overdue_alert(bare, DEPLOYMENT, now=late).reason.endswith(
        "should have ended by now. 2 of its attempts ended before this one."
    )


def test_should_take_undetermined_for_a_lack_of_capacity_where_spot_is_tried_first():
    waiting = advanced(submitted(), happened("runnable"))
    reason = happened("queue_blocked_undetermined").status_reason
    on_spot = structs.replace(waiting, queue="spot-queue")
    assert blocked_alert(waiting, DEPLOYMENT, reason=reason, now=NOW).cause == "undetermined"
    assert blocked_alert(on_spot, DEPLOYMENT, reason=reason, now=NOW).cause == "no-capacity"


def test_should_count_the_waiting_of_a_job_that_is_tried_again_from_the_end_of_its_last_attempt():
    again = NOW + timedelta(hours=1)
    record = structs.replace(
        submitted(), status="RUNNABLE", started_at=NOW, attempts=1, changes=(Change("RUNNABLE", 1, again),)
    )
    alert = blocked_alert(record, DEPLOYMENT, reason="", now=again + timedelta(minutes=5))
    assert told(alert)["Waiting for"] == "5 min"
    assert "Running for" not in told(alert)


def test_should_say_what_is_likely_to_come_as_far_as_it_is_known():
    record = structs.replace(submitted(), usual=None, expected_seconds=None, quoted_usd=None)
    assert submitted_alert(record, DEPLOYMENT).reason == (
        "AWS Batch took the job into the queue pulse-retrodiction-job-queue."
    )
    expected = structs.replace(submitted(), usual=None, quoted_usd=None)
    assert submitted_alert(expected, DEPLOYMENT).reason.endswith(" It will likely run 3 min 20 s.")


def test_should_tell_the_runtime_that_the_likely_cost_is_of():
    assert submitted().expected_seconds != submitted().usual.ran_median_seconds
    assert started_alert(submitted(), DEPLOYMENT).reason.endswith(
        " It will likely run 2 min 51 s and cost $0.0031."
    )


@pytest.mark.parametrize(
    ("after", "percent", "severity", "headline", "left"),
    [
        ("251", 50, "warning", "50 % of the budget of 2026-03 is used up", "$249.00"),
        ("500", 100, "error", "The budget of 2026-03 is used up", "$0.00"),
        ("512.345", 100, "error", "The budget of 2026-03 is used up", "$0.00"),
    ],
)
def test_should_tell_how_much_of_the_budget_is_left(after, percent, severity, headline, left):
    alert = budget_alert(Spent("2026-03", Decimal(after)), Decimal(500), percent, DEPLOYMENT)
    assert (alert.severity, alert.headline, told(alert)["Left"]) == (severity, headline, left)


def test_should_list_every_fault_of_a_rejected_drop():
    drop = S3Drop(bucket="data", key="requests/a\nb.json", version_id="v1", size=9)
    alert = drop_alert(drop, DEPLOYMENT.console, reason="Bad:\n- a: 1\n- b: 2", next_step="Correct it.")
    assert alert.reason == "Bad:\n- a: 1\n- b: 2"
    assert alert.headline == "No job for requests/a\\nb.json"


@pytest.mark.parametrize("kind", ["SUCCEEDED", "FAILED", "OVERDUE", "BLOCKED"])
def test_should_tell_of_what_matters_unless_somebody_wants_less(kind):
    assert is_wanted(None, kind)
    assert is_wanted(AlertsWanted(channels=("slack",)), kind)
    assert not is_wanted(AlertsWanted(kinds=()), kind)


@pytest.mark.parametrize("kind", ["SUBMITTED", "STARTED"])
def test_should_tell_of_a_beginning_only_where_it_is_asked_for(kind):
    assert not is_wanted(None, kind)
    assert is_wanted(AlertsWanted(kinds=(kind,)), kind)


def test_should_not_tell_of_an_end_that_nobody_wants_or_that_is_none():
    assert deserves_alert(failed())
    assert not deserves_alert(failed(alerts=AlertsWanted(kinds=("SUCCEEDED",))))
    assert not deserves_alert(submitted())


def test_should_fit_into_one_message_when_a_request_has_a_thousand_unknown_fields():
    _, faults = collect({f"{'欄' * 100}{i}": 1 for i in range(1000)}, JobRequest)
    drop = S3Drop(bucket="data", key=LONGEST_KEY, version_id="v" * 1024, size=9)
    alert = drop_alert(drop, DEPLOYMENT.console, reason=str(InvalidRequest(faults)), next_step="Correct it.")
    assert counted(faults) == 1000
    assert alert.reason.count("\n") <= 21
    assert published_bytes(alert) <= SNS_BYTES
    assert str(InvalidRequest(faults)).endswith("\n- and 980 more")


def test_should_fit_into_one_message_when_five_hundred_variables_have_gaps():
    names = ["\U0001f4c8" * 120 + f"{i:03}" for i in range(500)]
    metrics = TrainingMetrics(
        variables={name: VariableMetrics(trust=0.5) for name in names},
        left_out=tuple(f"{name} has no data between 2022-01-01 and 2022-06-30." * 3 for name in names),
        warnings=tuple(("\U0001f4c8" * 380 + name)[:400] for name in names[:20]),
        warnings_count=500,
    )
    record = structs.replace(
        ended(submitted(), "succeeded"),
        dataset=LONGEST_KEY,
        dataset_version_id="v" * 1024,
        variables=tuple(names),
    )
    alert = job_alert(record, DEPLOYMENT, metrics)
    assert (len(alert.left_out), alert.left_out[-1]) == (21, "and 480 more")
    assert alert.headline.endswith(" succeeded")
    assert published_bytes(alert) <= SNS_BYTES


@given(st.text(max_size=300), st.text(max_size=500).map(lambda text: text * 20))
def test_should_fit_into_one_message_whatever_aws_batch_and_the_data_say(name, said):
    record = JobRecord(
        job_id="batch-20260302093000-0a1b2c3d",
        status="FAILED",
        created_at=datetime(2026, 3, 2, tzinfo=UTC),
        dataset=f"datasets/{name}",
        variables=(name,) * 200,
        attempts=10,
        tries=(Attempt(reason=said), Attempt(status_reason=name)) * 5,
        exit_code=1,
        reason=said,
        status_reason=said,
    )
    metrics = TrainingMetrics(variables={said: VariableMetrics()}, left_out=(said,) * 30)
    succeeded = structs.replace(record, status="SUCCEEDED")
    assert published_bytes(job_alert(record, DEPLOYMENT, log=(said,) * 50)) <= SNS_BYTES
    assert published_bytes(job_alert(succeeded, DEPLOYMENT, metrics, previous=metrics)) <= SNS_BYTES
    assert published_bytes(blocked_alert(record, DEPLOYMENT, reason=said, now=NOW)) <= SNS_BYTES


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (41.2, "41 s"),
        (185, "3 min 5 s"),
        (7500, "2 h 5 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_should_say_durations_in_two_units(seconds, words):
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("arn", "host"),
    [
        ("arn:aws:sns:eu-central-1:1:t", "eu-central-1.console.aws.amazon.com"),
        ("arn:aws-cn:sns:cn-north-1:1:t", "cn-north-1.console.amazonaws.cn"),
        ("arn:aws-us-gov:sns:us-gov-west-1:1:t", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_should_open_the_console_of_the_partition(arn, host):
    assert console.of_arn(arn).job("a/b").startswith(f"https://{host}/batch/home?region=")
    assert console.of_arn(arn).job("a/b").endswith("#jobs/detail/a%2Fb")


def test_should_escape_a_key_in_the_console_s_address():
    assert Console(region="us-east-1").s3_object("b", "a b/ü&c.html") == (
        "https://us-east-1.console.aws.amazon.com/s3/object/b?region=us-east-1&prefix=a%20b%2F%C3%BC%26c.html"
    )
