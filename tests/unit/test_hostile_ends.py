"""Hostile metrics files and events on their way to the ledger's item and the alert."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from pulse.aws.ledger.items import record_of, record_values, wire
from pulse.domain.alerts.job_ended import deserves_alert, job_alert
from pulse.domain.alerts.renderings import email
from pulse.domain.job.changes import advanced, foreign
from pulse.domain.job.event import parse
from pulse.domain.parsing.json_bounds import MOST_LEVELS, bounded, is_too_deep
from pulse.domain.training.metrics import parse as parse_metrics
from pulse.services.follow.read_metrics import measures
from tests.hostile_ends import details, metrics_files
from tests.unit.alert_cases import DEPLOYMENT

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
KNOWN = {"jobId": "4c7599ae-0a82-49aa-ba5a-4727fcce14a8", "jobQueue": "arn:fifo"}


@pytest.mark.long
@settings(max_examples=400, deadline=None)
@given(body=metrics_files, status=st.sampled_from(("SUCCEEDED", "FAILED", "RUNNING")), detail=details)
def test_should_keep_and_tell_whatever_a_job_leaves_behind(body, status, detail):
    event = parse(KNOWN | detail | {"status": status})
    record = foreign(event, job_id="j", queue="fifo", now=NOW)
    metrics = parse_metrics(body)
    if metrics:
        record = structs.replace(record, measured=measures(metrics), warnings=metrics.warnings)
    kept = record_of({**wire({"pk": "JOB#j"}), **wire(record_values(record))})
    assert (kept.job_id, kept.status) == ("j", record.status)
    if not event.is_array_child:
        assert (advanced(kept, event) or kept).status == status
    if deserves_alert(kept):
        alert = job_alert(kept, DEPLOYMENT, metrics)
        assert email.subject(alert)
        assert email.body(alert)


@pytest.mark.parametrize(
    ("levels", "too_deep"), [(MOST_LEVELS, False), (MOST_LEVELS + 1, True), (100_000, True)]
)
def test_should_count_levels_without_recursion(levels, too_deep):
    value = 1
    for _ in range(levels):
        value = [value]
    assert is_too_deep(value) is too_deep
    while isinstance(value, list):  # a deep value may not be freed by recursion, either
        value = value.pop()


def test_should_name_each_number_that_is_left_out():
    value = {"a": [1, 1e300, {"b\n": -(10**44)}], "c": 5e-324, "d": True, "e": "1e300"}
    assert bounded(value) == (
        {"a": [1, None, {"b\n": None}], "c": 0.0, "d": True, "e": "1e300"},
        ["a[1]", "a[2].b\\n"],
    )
