"""Whatever a job writes or its event holds, its end is recorded and told, and no event is delivered again."""

import itertools
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pulse.domain.job.event import parse
from tests.functional.jobs import submitted, told
from tests.hostile_ends import DIGITS_44, FIELDS, details, metrics_files

pytestmark = pytest.mark.usefixtures("deployed")
DRAWN = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_numbers = itertools.count(1)


def ended(ledger, s3, happen, body, name="batch_succeeded", **detail):
    """The record of a job that wrote this metrics.json, after the event of its end."""
    number = next(_numbers)
    record = submitted(ledger, number)
    s3.put_object(Bucket="pulse-results", Key=f"results/{record.job_id}/metrics.json", Body=body)
    assert happen(told(name, number, **detail)) == []
    return ledger.record(record.job_id)


def measured(**changes):
    of_one = {"trust": 0.7, "skill_vs_persistence": 0.1, "mase": 0.9, "coverage": 0.9, "windows": 12}
    whole = {"variables": {"spx_close": of_one}, "peak_memory_mib": 311.5, "cpu_seconds": 12.5, "windows": 12}
    return whole | {"data": {"bytes": 1000, "rows": 10, "columns": 2}} | changes


@pytest.mark.parametrize("number", [1e300, -1e16, DIGITS_44])
@pytest.mark.parametrize("field", [*FIELDS, "data.rows", "variables.spx_close.mase"])
def test_should_record_and_tell_the_end_when_a_number_is_beyond_all_bounds(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    ledger, s3, happen, alerts, field, number
):
    document = measured()
    *path, last = field.split(".")
    holder = document
    for name in path:
        holder = holder[name]
    holder[last] = number
    record = ended(ledger, s3, happen, json.dumps(document))
    assert (record.status, record.measured.variables) == ("SUCCEEDED", 1)
    (alert,) = alerts()
    assert alert["kind"] == "SUCCEEDED"
    assert alert["warnings"] == [f"In its metrics.json 1 number is beyond 1e+15 and not used: {field}."]
    assert [row[0] for row in alert["table"]] == ["variable", "spx_close"]


def test_should_take_a_number_next_to_zero_for_zero(ledger, s3, happen, alerts):
    record = ended(ledger, s3, happen, json.dumps(measured(cpu_seconds=5e-324)))
    assert (record.status, record.measured.cpu_seconds) == ("SUCCEEDED", None)
    assert "warnings" not in alerts()[0]


@pytest.mark.parametrize(
    "body", [b'{"windows": NaN}', b"[" * 980 + b"]" * 980, b'{"data": ' * 980 + b"1" + b"}" * 980]
)
def test_should_tell_the_end_with_a_note_when_the_metrics_are_no_metrics(ledger, s3, happen, alerts, body):
    assert ended(ledger, s3, happen, body).status == "SUCCEEDED"
    (alert,) = alerts()
    assert alert["reason"].endswith("Its metrics.json has another shape than this system knows.")


@pytest.mark.long
@DRAWN
@given(body=metrics_files)
def test_should_record_and_tell_every_end_whatever_the_metrics_hold(ledger, s3, happen, alerts, body):
    record = ended(ledger, s3, happen, body)
    assert record.status == "SUCCEEDED"
    assert [alert["kind"] for alert in alerts()] == ["SUCCEEDED"]


@pytest.mark.long
@DRAWN
@given(name=st.sampled_from(("batch_succeeded", "batch_failed_exit_code", "batch_running")), detail=details)
def test_should_take_every_event_whatever_else_it_holds(ledger, s3, happen, name, detail):
    """Of a job of ours, and of one that another client submitted."""
    whole = told(name)["detail"] | detail
    event = parse(whole)
    record = ended(ledger, s3, happen, json.dumps(measured()), name, **detail)
    if event.named_job_id and not event.is_array_child:
        assert record.status == whole["status"]
    assert happen(told(name, next(_numbers), **detail)) == []


def test_should_refuse_an_event_of_too_many_levels_in_words(happen, log_lines):
    deep = told("batch_succeeded", next(_numbers))
    deep["detail"]["parameters"] = json.loads("[" * 500 + "]" * 500)
    assert happen(deep) == ["message-0"]
    assert any("levels" in line.get("reason", "") for line in log_lines())
