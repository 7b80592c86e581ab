"""How arrays end, with what follows them: one alert for all, in whatever order their events come."""

import json

import pytest

from lambdas import on_job_event, submit_job
from lambdas.wiring import shared
from tests.functional.api import Api

BROKEN = {"exitCode": 67}
KILLED = {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}
FAILED_BY_A_CHILD = "batch_failed_array_parent"


@pytest.fixture
def post(deployed, context):
    api = Api(context)
    return lambda body: api("POST /jobs", body).content


@pytest.fixture
def happen(event, sqs_event, context, batch):
    """`happen(name, number)`: the job of that SubmitJob has ended as a recorded event says; with `child` that
    child of it. Returns what shall be delivered again.
    """

    def deliver(name, number=0, *, child=None, container=None, **detail):
        happened = event(name)
        sent = batch.requests[number]
        index = "" if child is None else f":{child}"
        array = {} if child is None else {"arrayProperties": {"index": child}}
        happened["detail"] |= {
            "jobName": sent["jobName"],
            "jobId": f"aws-{number + 1}{index}",
            "jobQueue": sent["jobQueue"],
            **array,
            **detail,
        }
        happened["detail"]["container"] |= container or {}
        happened["detail"]["container"]["environment"] = sent["containerOverrides"]["environment"]
        return on_job_event.handler(sqs_event(happened), context)["batchItemFailures"]

    return deliver


def counted(size, failed):
    return {
        "arrayProperties": {"size": size, "statusSummary": {"SUCCEEDED": size - failed, "FAILED": failed}}
    }


def test_should_tell_of_an_array_once(post, happen, alerts):
    array = post({"shards": 2})
    happen("batch_succeeded", arrayProperties={"size": 2})
    assert alerts() == [], "the merge is still to come"
    happen("batch_succeeded", 1)
    (alert,) = alerts()
    assert alert["job_id"] == array["job_id"]

    broken = post({"shards": 2, "batch_size_days": 7})
    happen("batch_failed_exit_code", 2, arrayProperties={"size": 2})
    happen("batch_failed_exit_code", 3, statusReason="Dependent Job failed")
    assert [alert["job_id"] for alert in alerts()] == [broken["job_id"]]


def test_should_tell_once_of_an_array_that_was_cancelled_with_what_follows_it(post, happen, alerts):
    stopped = "Cancelled through Pulse by arn:aws:iam::123456789012:user/ann: no reason given"
    array = post({"shards": 2})
    happen("batch_failed_exit_code", arrayProperties={"size": 2}, statusReason=stopped)
    happen("batch_failed_exit_code", 1, statusReason=stopped)
    assert [alert["job_id"] for alert in alerts()] == [array["job_id"]]


@pytest.mark.parametrize("request_", [{"shards": 2}, {"sweep": {"batch_size_days": [7, 30]}}])
def test_should_tell_warnings_of_what_is_put_together(post, happen, s3, ledger, alerts, context, request_):  # noqa: PLR0913, PLR0917 - fixtures and parameters
    array = post(request_)
    key = f"results/{array['job_id']}/metrics.json"
    s3.put_object(
        Bucket="pulse-results", Key=key, Body=json.dumps({"warnings": ["price: -999 stands 24 times."]})
    )
    happen("batch_succeeded", **counted(2, 0))
    happen("batch_succeeded", 1)
    (alert,) = alerts()
    assert (alert["job_id"], alert["warnings"]) == (array["job_id"], ["price: -999 stands 24 times."])
    follower = Api(context)(f"GET /jobs/{array['follower']['job_id']}").content
    assert (follower["warnings"], follower["warnings_count"]) == (["price: -999 stands 24 times."], 1)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=str)
@pytest.mark.parametrize("name", ["batch_running", "batch_succeeded"])
def test_should_start_an_array_with_its_earliest_child_in_whatever_order_they_come(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    post, happen, ledger, event, name, order
):
    job_id = post({"shards": 3})["job_id"]
    first_ms = event("batch_running")["detail"]["startedAt"]
    for child in order:
        started_ms = first_ms + 1000 * (child - 1)
        attempts = [{"startedAt": started_ms, "stoppedAt": started_ms + 60_000}]
        happen(
            name, child=child, startedAt=started_ms, attempts=attempts if name == "batch_succeeded" else []
        )
    assert ledger.record(job_id).started_at.timestamp() * 1000 == first_ms - 1000


def test_should_tell_what_the_whole_run_of_an_array_took_and_cost(post, happen, ledger, alerts):
    array = post({"shards": 2})
    for child in (0, 1):
        happen("batch_succeeded", child=child)
    happen("batch_succeeded", **counted(2, 0))
    happen("batch_succeeded", 1)
    (alert,) = alerts()
    told = {fact["label"]: fact["value"] for fact in alert["facts"]}
    costs = [ledger.record(job["job_id"]).cost_usd for job in (array, array["follower"])]
    assert told["Cost"].startswith(f"${sum(costs):.4f} ")
    assert told["Children"] == "2"


def test_should_say_which_children_failed_why_and_what_all_of_them_cost(post, happen, ledger, alerts):
    job_id = post({"shards": 3})["job_id"]
    happen("batch_succeeded", child=0)
    for child in (2, 2, 1):
        happen("batch_failed_exit_code", child=child)
    assert happen(FAILED_BY_A_CHILD, **counted(3, 2)) == []
    (alert,) = alerts()
    assert (
        "2 of 3 children failed: children 1 and 2; 2 of them: missing variable. Child 1: " in alert["reason"]
    )
    assert (alert["job_id"], alert["cause"]) == (job_id, "missing-variable")
    assert f"pulse logs {job_id} --child 1" in [command["line"] for command in alert["commands"]]
    record = ledger.record(job_id)
    assert record.children == {"SUCCEEDED": 1, "FAILED": 2}
    assert record.cost_usd == sum(child.cost_usd for child in ledger.children(job_id))


def test_should_wait_for_children_that_are_heard_of_after_their_array(post, happen, ledger, alerts, clock):
    job_id = post({"shards": 3})["job_id"]
    happen("batch_failed_exit_code", child=2)
    clock.forward(seconds=227)  # the recorded end
    assert happen(FAILED_BY_A_CHILD, **counted(3, 2)) != []
    assert ledger.record(job_id).status == "FAILED"
    first = ledger.record(job_id).cost_usd
    happen("batch_failed_exit_code", child=0)
    assert ledger.record(job_id).cost_usd > first, "a late child adds to the cost"
    assert alerts() == []
    assert happen(FAILED_BY_A_CHILD, **counted(3, 2)) == []
    (alert,) = alerts()
    assert "children 0 and 2" in alert["reason"]


@pytest.mark.parametrize("late_seconds", [-30, 0, 5, 61, 179, 180, 7200])
def test_should_tell_what_is_known_before_the_queue_gives_up(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    post, happen, alerts, clock, monkeypatch, late_seconds
):
    waits = []

    class Visibility:
        def put_off(self, _queue, _receipt, seconds):
            waits.append(seconds)
            clock.forward(seconds=seconds)

    monkeypatch.setattr(shared, "visibility", Visibility)
    post({"shards": 3})
    happen("batch_failed_exit_code", child=2)
    clock.forward(seconds=227 + late_seconds)
    received = 1
    while happen(FAILED_BY_A_CHILD, **counted(3, 2)):
        received += 1
    assert received <= 4, "one is left of the queue's five"
    assert sum(waits) < 600
    (alert,) = alerts()
    assert "2 of 3 children failed: children 2 and 1 more" in alert["reason"]


def test_should_count_the_end_of_an_array_once_however_long_its_alert_waits(
    post, happen, alerts, clock, capsys
):
    post({"shards": 3})
    clock.forward(seconds=227)
    capsys.readouterr()
    happen(FAILED_BY_A_CHILD, **counted(3, 1))
    happen("batch_failed_exit_code", child=0)
    happen(FAILED_BY_A_CHILD, **counted(3, 1))
    assert len(alerts()) == 1
    assert capsys.readouterr().out.count('"Failed":') == 2, "in all and by its cause"


def test_should_not_wait_for_children_of_what_somebody_stopped(post, happen, alerts, clock):
    post({"shards": 3})
    clock.forward(seconds=227)
    assert happen(FAILED_BY_A_CHILD, **counted(3, 2), statusReason="enough", isTerminated=True) == []
    (alert,) = alerts()
    assert alert["cause"] == "cancelled"


def test_should_submit_all_of_an_array_again_whose_children_died_of_memory(  # noqa: PLR0913, PLR0917 - fixtures
    post, happen, reruns, sqs_event, context, batch, ledger, alerts
):
    job_id = post({"shards": 3})["job_id"]
    for child in (1, 2):
        happen("batch_failed_out_of_memory", child=child)
    for _ in range(2):
        assert happen(FAILED_BY_A_CHILD, **counted(3, 2)) == []
    (alert,) = alerts()
    assert "submitted again with 1 vCPU and 4096 MiB for each child" in alert["next_step"]
    submit_job.handler(sqs_event(*reruns()), context)
    again, merge = batch.requests[2:]
    assert again["arrayProperties"] == {"size": 3}
    assert merge["jobName"] == again["jobName"] + "-merge"
    record = ledger.record(again["jobName"].replace("pulse-retrodiction-", "batch-"))
    assert (record.rerun_of, record.rerun_because) == (job_id, "memory")

    happen("batch_failed_out_of_memory", 2, child=1)
    happen(FAILED_BY_A_CHILD, 2, **counted(3, 1))
    assert reruns() == [], "once is enough"


def test_should_not_submit_an_array_again_of_which_a_child_failed_otherwise(post, happen, reruns):
    post({"shards": 3})
    happen("batch_failed_out_of_memory", child=1)
    happen("batch_failed_exit_code", child=2)
    happen(FAILED_BY_A_CHILD, **counted(3, 2))
    assert reruns() == []
