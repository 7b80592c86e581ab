from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from msgspec import structs

from pulse.aws.schedules import request
from pulse.domain.cost.budget import share_passed
from pulse.domain.cost.months import Spent
from pulse.domain.job.due import Overdue, Watch, due_at
from pulse.domain.job.record import JobRecord
from pulse.domain.job.usual import Usual
from pulse.domain.plan.record_quote import likely_usd
from pulse.domain.request.alerts_wanted import AlertsWanted
from pulse.domain.schedule_target import ScheduleTarget
from tests.prices import PRICES

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
USUAL = Usual(
    runs=20,
    ran_median_seconds=600,
    ran_p95_seconds=1000,
    waited_median_seconds=30,
    waited_p95_seconds=90,
)


@pytest.fixture
def running() -> JobRecord:
    return JobRecord(
        job_id="batch-20260302093000-0a1b2c3d", status="RUNNING", created_at=START, started_at=START
    )


@pytest.mark.parametrize(
    ("known", "seconds"),
    [
        ({"due_seconds": 60.0}, 60),
        ({"due_seconds": 60.0, "usual": USUAL}, 60),
        ({"usual": USUAL}, 1500),
        ({"usual": structs.replace(USUAL, ran_p95_seconds=20)}, 300),
        ({}, None),
        ({"expected_seconds": 60.0}, None),
        ({"usual": USUAL, "alerts": AlertsWanted(kinds=("FAILED",))}, None),
    ],
)
def test_should_be_due_after_what_is_given_or_learned(running, known, seconds):
    found = due_at(structs.replace(running, **known), Overdue(), now=START + timedelta(days=1))
    assert found == (None if seconds is None else START + timedelta(seconds=seconds))


def test_should_count_from_now_where_nobody_says_when_it_started(running):
    unknown = structs.replace(running, started_at=None, due_seconds=60.0)
    assert due_at(unknown, Overdue(), now=START) == START + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("reason", "seconds"),
    [
        ("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement …", 1200),
        ("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS – Batch service role has a permission issue.", 0),
        ("UNDETERMINED", 3600),
        ("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill …", 1800),
        ("SOMETHING_NEW", 1800),
        ("default", 1800),
        ("", 1800),
    ],
)
def test_should_dwell_by_the_first_word_of_the_reason(reason, seconds):
    assert Watch().dwell(reason) == timedelta(seconds=seconds)


def test_should_know_how_long_to_dwell_whatever_the_configuration_leaves_out():
    watch = msgspec.convert({"blocked_dwell_seconds": {"UNDETERMINED": 5}}, Watch)
    assert watch.dwell("UNDETERMINED - x") == timedelta(seconds=5)
    assert watch.dwell("ACTION_REQUIRED - x") == timedelta(seconds=1800)


@pytest.mark.parametrize(
    ("usd", "told", "share"),
    [
        ("49.99", (), None),
        ("50", (), 50),
        ("79", (50,), None),
        ("85", (), 80),
        ("85", (50,), 80),
        ("200", (), 100),
        ("200", (100,), None),
        ("85", (100,), 80),
    ],
    ids=str,
)
def test_should_tell_the_highest_share_that_is_passed_unless_it_was_told(usd, told, share):
    spent = Spent("2026-03", Decimal(usd), frozenset(told))
    assert share_passed(spent, Decimal(100), (50, 80, 100)) == share


def test_should_never_pass_what_is_not_configured():
    assert share_passed(Spent("2026-03", Decimal(99)), Decimal(1), ()) is None


@pytest.mark.parametrize(
    ("known", "ran_seconds", "usd"),
    [
        ({}, [500, 600, 700], "0.0040"),
        ({"expected_seconds": 1200.0}, [500, 600, 700], "0.0080"),
        ({"expected_seconds": 7200.0}, [], "0.0240"),
        ({}, [], "0.0240"),
        ({"array_size": 3}, [500, 600, 700], "0.0160"),
        ({"queue": "gone"}, [500, 600, 700], "9"),
        ({"vcpus": ""}, [500, 600, 700], "9"),
    ],
)
def test_should_quote_what_was_quoted_before_it_was_submitted(running, catalogue, known, ran_seconds, usd):
    record = structs.replace(
        running, **{"queue": "fifo", "vcpus": "0.5", "memory_mib": 1024, "quoted_usd": Decimal(9)} | known
    )
    found = likely_usd(PRICES, catalogue, record, timeout_seconds=3600, ran_seconds=ran_seconds)
    assert found == Decimal(usd)


def test_should_schedule_at_the_next_whole_second_in_utc():
    target = ScheduleTarget(group="due", queue_arn="q", dead_letters_arn="d", role_arn="r")
    berlin = datetime.fromisoformat("2026-03-02T10:30:00.25+01:00")
    assert request(target, "job", berlin)["ScheduleExpression"] == "at(2026-03-02T09:30:01)"
    assert request(target, "job", START)["ScheduleExpression"] == "at(2026-03-02T09:30:00)"


@pytest.mark.parametrize(
    ("least", "most", "watch"),
    [
        (0, 1000, lambda number: {"overdue": {"margin_percent": number}}),
        (0, 1_209_600, lambda number: {"overdue": {"least_seconds": number}}),
        (0, 604_800, lambda number: {"blocked_dwell_seconds": {"ACTION_REQUIRED": number}}),
    ],
)
def test_should_take_what_is_within_its_bounds_and_nothing_else(least, most, watch):
    for taken in (least, most):
        assert msgspec.to_builtins(msgspec.convert(watch(taken), Watch)).items() >= watch(taken).items()
    for refused in (least - 1, most + 1):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(watch(refused), Watch)
