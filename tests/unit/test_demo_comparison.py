"""Two records of the demo compared: equal runs, and a record altered in each way that must be told."""

import copy
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pulse.domain.demo import record
from pulse.domain.demo.comparison import MAY_BE_MISSING, differences, effects
from pulse.domain.validation import InvalidInput

RECORD = Path(__file__).parent / "demo" / "local.json"
"""A real one, of `pulse local demo`."""
OF_A_RUN_BEFORE = ("answer GET *.body.headline.*.before", "alert *.body.facts.Compared to")
ORDER = ["event RUNNABLE", "event STARTING", "event RUNNING", "results", "event SUCCEEDED", "alert SUCCEEDED"]


@pytest.fixture
def altered():
    return json.loads(RECORD.read_text())


def read(content) -> record.DemoRecord:
    return record.from_json(json.dumps(content).encode())


def told(altered) -> list[str]:
    """The differences from the record as it was written, in words."""
    found = differences(read(json.loads(RECORD.read_text())), read(altered | {"of": "prod"}))
    return [difference.describe(("local", "prod")) for difference in found]


def event(job, state):
    return next(one for one in job["events"] if one["body"]["detail"]["status"] == state)


def later(text: str, seconds: float) -> str:
    return (datetime.fromisoformat(text) + timedelta(seconds=seconds)).isoformat()


def test_a_record_is_the_same_as_itself(altered):
    assert told(altered) == []


def test_either_of_the_two_jobs_may_be_compared_to_the_other(altered):
    """Whichever ends first, where the other starts after that."""
    other = json.loads(RECORD.read_text())
    for content, before in ((altered, {"before": 0.4}), (other, {})):
        job = content["jobs"]["API"]
        body = next(answer["body"] for answer in job["answers"] if answer["call"].startswith("GET"))
        body["headline"] = [{"name": "trust", "value": 0.5} | before]
        facts = job["alerts"][0]["body"]["facts"]
        facts += [{"label": "Compared to", "value": "batch-1"}] if before else []
    assert differences(read(altered), read(other)) == differences(read(other), read(altered)) == []


def test_the_order_of_effects_is_the_path_of_a_job(altered):
    assert {door: effects(job) for door, job in read(altered).jobs.items()} == {"drop": ORDER, "API": ORDER}


def test_other_times_ids_and_numbers_are_no_difference(altered):
    """As on an account that is far away and slow: every time moves, the hops become longer."""
    for job in altered["jobs"].values():
        job["moments"] = {name: later(moment, 100) for name, moment in job["moments"].items()}
        for one in job["events"]:
            rank = ORDER.index(f"event {one['body']['detail']['status']}")
            one["body"]["time"] = later(one["body"]["time"], 100 + 30 * rank)
            one["body"]["detail"] |= {"jobId": "other", "createdAt": 1}
        for file in job["results"]:
            file["written_at"] = later(file["written_at"], 100 + 30 * 3)
            file["size_bytes"] += 1
        for alert in job["alerts"]:
            alert["arrived_at"] = later(alert["arrived_at"], 100 + 30 * 5)
    assert told(altered) == []


def test_events_that_come_twice_or_in_another_order_are_no_difference(altered):
    events = altered["jobs"]["drop"]["events"]
    events[:] = [*reversed(copy.deepcopy(events)), events[0]]
    assert told(altered) == []


def test_a_state_that_is_missing_is_told_once(altered):
    job = altered["jobs"]["drop"]
    job["events"].remove(event(job, "RUNNING"))
    assert told(altered) == ["drop: event RUNNING. local: is there; prod: is missing."]


def test_a_state_more_is_told(altered):
    job = altered["jobs"]["API"]
    again = copy.deepcopy(event(job, "RUNNABLE"))
    again["body"]["detail"]["attempts"] = [{"statusReason": "Your Spot Task was interrupted."}]
    job["events"].append(again)
    assert told(altered) == ["API: event RUNNABLE 2. local: is missing; prod: is there."]


def test_a_job_that_is_missing_is_told(altered):
    del altered["jobs"]["API"]
    assert told(altered) == ["The job of the API. local: is there; prod: is missing."]


def test_an_alert_that_is_missing_is_told(altered):
    altered["jobs"]["drop"]["alerts"] = []
    assert told(altered) == ["drop: alert SUCCEEDED. local: is there; prod: is missing."]


def test_an_alert_before_the_end_is_another_order(altered):
    (alert,) = altered["jobs"]["drop"]["alerts"]
    alert["arrived_at"] = later(alert["arrived_at"], -3600)
    swapped = [ORDER[-1], *ORDER[:-1]]
    assert told(altered) == [
        f"drop: the order of effects. local: {', '.join(ORDER)}; prod: {', '.join(swapped)}."
    ]


def test_results_after_the_end_are_another_order(altered):
    for file in altered["jobs"]["drop"]["results"]:
        file["written_at"] = later(file["written_at"], 3600)
    (only,) = told(altered)
    assert only.startswith("drop: the order of effects.")
    assert only.endswith("event SUCCEEDED, alert SUCCEEDED, results.")


def test_states_in_another_order_are_told(altered):
    job = altered["jobs"]["drop"]
    starting = event(job, "STARTING")["body"]
    starting["time"] = later(starting["time"], -600)
    (only,) = told(altered)
    assert "prod: event STARTING, event RUNNABLE, " in only


def test_a_field_that_is_missing_is_told_without_all_below_it(altered):
    del event(altered["jobs"]["drop"], "RUNNING")["body"]["detail"]["container"]["resourceRequirements"]
    assert told(altered) == [
        "drop: event RUNNING.body.detail.container.resourceRequirements. local: is there; prod: is missing."
    ]


def test_a_field_more_is_told(altered):
    event(altered["jobs"]["drop"], "RUNNING")["body"]["detail"]["surprise"] = 1
    assert told(altered) == ["drop: event RUNNING.body.detail.surprise. local: is missing; prod: is there."]


def test_a_variable_of_the_container_is_told_by_its_name(altered):
    container = event(altered["jobs"]["drop"], "RUNNING")["body"]["detail"]["container"]
    container["environment"] = [one for one in container["environment"] if one["name"] != "PULSE_JOB_ID"]
    (only,) = told(altered)
    assert "container.environment.PULSE_JOB_ID. local: is there; prod: is missing." in only


def test_a_fact_that_an_alert_lacks_is_told_by_its_label(altered):
    body = altered["jobs"]["API"]["alerts"][0]["body"]
    body["facts"] = [fact for fact in body["facts"] if fact["label"] != "Cost"]
    assert told(altered) == ["API: alert SUCCEEDED.body.facts.Cost. local: is there; prod: is missing."]


def test_a_value_of_another_type_is_told_with_both(altered):
    event(altered["jobs"]["drop"], "RUNNING")["body"]["detail"]["createdAt"] = "yesterday"
    assert told(altered) == ["drop: event RUNNING.body.detail.createdAt. local: a number; prod: a text."]


def test_a_result_that_is_missing_is_told(altered):
    results = altered["jobs"]["drop"]["results"]
    results[:] = [file for file in results if file["name"] != "report.html"]
    assert told(altered) == ["drop: results.report.html. local: is there; prod: is missing."]


def test_another_answer_is_told(altered):
    altered["jobs"]["API"]["answers"][0]["body"].pop("job_id")
    assert told(altered) == ["API: answer POST /jobs.body.job_id. local: is there; prod: is missing."]


@pytest.mark.parametrize(
    "text", ["arn:aws:batch:us-east-1:123456789012:job/1", "123456789012.dkr.ecr.us-east-1.amazonaws.com"]
)
def test_an_account_id_that_is_left_in_is_told_but_not_quoted(altered, text):
    event(altered["jobs"]["drop"], "RUNNING")["body"]["detail"]["jobArn"] = text
    (only,) = told(altered)
    assert only.startswith("An account id must not stand in a record, in jobs.drop.events[")
    assert only.endswith("].body.detail.jobArn. local: names none; prod: names one.")
    assert "123456789012" not in only


@pytest.mark.parametrize("pattern", [one for one in MAY_BE_MISSING if one not in OF_A_RUN_BEFORE])
def test_what_may_be_missing_has_a_reason_and_is_excused_on_either_side(altered, pattern):
    assert MAY_BE_MISSING[pattern]
    without = json.loads(RECORD.read_text())
    for content, there in ((altered, True), (without, False)):
        _put(content["jobs"]["drop"], pattern, there=there)
    for one, other in ((altered, without), (without, altered)):
        assert differences(read(one), read(other)) == []


def _put(job, pattern, *, there):
    """The field that `pattern` names, there or not."""
    effect, *path = pattern.replace("[[]]", ".[]").split(".")
    if effect == "moments":
        holders = [job["moments"]]
    elif effect == "event *":
        holders = [event(job, "SUCCEEDED")]
    else:
        holders = [next(answer for answer in job["answers"] if answer["call"].startswith("GET"))]
    *above, last = path
    holder = holders[0]
    for key in above:
        holder = holder[0] if key == "[]" else holder.setdefault(key, [])
    moment = "2026-01-01T00:00:00Z"
    if last == "[]":
        holder[:] = [{"privateIpv4Address": "10.0.0.1"}] if there else []
    elif there:
        holder[last] = moment
    else:
        holder.pop(last, None)


@pytest.mark.parametrize("change", [{"format": 2}, {"format": None}, {"surprise": 1}, {"jobs": []}])
def test_a_record_of_another_format_is_refused(altered, change):
    with pytest.raises(InvalidInput):
        read(altered | change)


@pytest.mark.parametrize("change", [{"detail": {}}, {"detail": None}, {"time": "soon"}, {"time": None}])
def test_an_event_that_is_none_is_refused(altered, change):
    altered["jobs"]["drop"]["events"][0]["body"] |= change
    with pytest.raises(InvalidInput, match="Batch Job State Change"):
        read(altered)


def test_what_is_written_has_neither_account_ids_nor_secrets(altered):
    detail = event(altered["jobs"]["drop"], "RUNNING")["body"]["detail"]
    detail["container"]["environment"] += [
        {"name": "DB_PASSWORD", "value": "hunter2"},
        {"name": "NOTE", "value": "AKIAIOSFODNN7EXAMPLE"},
    ]
    detail["jobArn"] = "arn:aws:batch:us-east-1:123456789012:job/1"
    detail["reason"] = "in cdk-assets-123456789012-us-east-1\nand api_key: 5f3c"

    text = record.to_json(read(altered))

    for secret in ("hunter2", "AKIAIOSFODNN7EXAMPLE", "123456789012", "5f3c"):
        assert secret not in text
    assert "arn:aws:batch:us-east-1:ACCOUNT:job/1" in text
    assert not list(record.account_ids(json.loads(text)))


def test_what_is_written_is_read_again_as_it_was(altered):
    text = record.to_json(read(altered))
    assert record.to_json(record.from_json(text.encode())) == text
