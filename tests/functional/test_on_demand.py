"""A job that lost its Spot capacity in its last attempt runs once more on demand."""

import json
from decimal import Decimal

import pytest
from msgspec import structs

from lambdas import submit_job
from lambdas.wiring import shared
from pulse.domain.catalogue.catalogue import Queue

RECLAIMED = "batch_failed_spot_reclaimed"


@pytest.fixture
def settings(settings):
    """The queue tries Spot first, and has one on demand beside it."""
    fifo = settings.queues["fifo"]
    on_demand = Queue(arn=fifo.arn.replace("-job-queue", "-on-demand-queue"))
    spot = structs.replace(fifo, spot=True, on_demand_queue="on-demand")
    return structs.replace(settings, queues=settings.queues | {"fifo": spot, "on-demand": on_demand})


@pytest.fixture
def post(deployed, event, context):
    def call(**request):
        call = event("http_post_jobs")
        call["body"] = json.dumps(request)
        return json.loads(submit_job.handler(call, context)["body"])["job_id"]

    return call


@pytest.fixture
def rerun(reruns, sqs_event, context):
    """Has submit_job take what was asked for, as often as it is told; whether anything was."""

    def take(times=1):
        asked = reruns()
        for _ in range(times if asked else 0):
            assert submit_job.handler(sqs_event(*asked), context)["batchItemFailures"] == []
        return bool(asked)

    return take


@pytest.fixture
def redeploy(monkeypatch, settings):
    def deploy(**changes):
        fifo = structs.replace(settings.queues["fifo"], **changes)
        changed = structs.replace(settings, queues=settings.queues | {"fifo": fifo})
        monkeypatch.setenv("PULSE_QUEUES", changed.to_env()["PULSE_QUEUES"])
        for cached in vars(shared).values():
            if hasattr(cached, "cache_clear"):
                cached.cache_clear()

    return deploy


def test_should_submit_once_on_demand_what_spot_was_taken_from_to_the_last(  # noqa: PLR0913, PLR0917 - fixtures
    post, end, rerun, batch, ledger, alerts
):
    job_id = post(max_cost_usd=5)
    ledger.update_if_unchanged(structs.replace(ledger.record(job_id), quoted_usd=Decimal("0.03")), before=0)
    for _ in range(2):
        end(RECLAIMED)
    (alert,) = alerts()
    assert alert["headline"].endswith(" lost its Spot capacity 3 times and runs again")
    assert (alert["kind"], alert["severity"]) == ("FAILED", "warning")
    assert alert["next_step"].startswith(
        "Nothing: it lost its Spot capacity 3 times, so it is submitted again on demand, in the queue "
        "on-demand, for about $"
    )
    assert rerun(times=2)

    spot, on_demand = batch.requests
    assert on_demand["jobQueue"] == spot["jobQueue"].replace("-job-queue", "-on-demand-queue")
    same = ("jobQueue", "jobName", "containerOverrides")
    assert {k: v for k, v in on_demand.items() if k not in same} == {
        k: v for k, v in spot.items() if k not in same
    }
    variables = {v["name"]: v["value"] for v in on_demand["containerOverrides"]["environment"]}
    record = ledger.record(variables["PULSE_JOB_ID"])
    assert (record.rerun_of, record.rerun_because) == (job_id, "spot")

    end(RECLAIMED, number=1)
    assert not rerun(), "on demand there is no more to give"
    (alert,) = alerts()
    assert (alert["severity"], alert["headline"].endswith("failed: spot reclaimed")) == ("error", True)


def test_should_leave_it_at_a_failure_where_no_queue_is_named(post, redeploy, end, rerun, alerts):
    redeploy(on_demand_queue="")
    post()
    end(RECLAIMED)
    assert not rerun()
    (alert,) = alerts()
    assert alert["severity"] == "error"
    assert "a profile whose queue does not use Spot" in alert["next_step"]


@pytest.mark.parametrize("name", ["batch_failed_exit_code", "batch_failed_terminated"])
def test_should_run_nothing_on_demand_that_failed_otherwise(post, end, rerun, name):
    post()
    end(name)
    assert not rerun()


def test_should_tell_when_the_configuration_has_no_such_queue_any_more(  # noqa: PLR0913, PLR0917 - fixtures
    post, end, redeploy, rerun, batch, alerts
):
    job_id = post()
    end(RECLAIMED)
    assert [alert["kind"] for alert in alerts()] == ["FAILED"]
    redeploy(on_demand_queue="")
    assert rerun(times=2)
    (alert,) = alerts()
    assert (alert["kind"], alert["job_id"], len(batch.requests)) == ("REJECTED", job_id, 1)
    assert alert["reason"] == (
        "It lost its Spot capacity 3 times and was to run again. "
        "The queue 'fifo' has no on_demand_queue in the configuration."
    )
    assert "a profile of a queue that does not use Spot" in alert["next_step"]


def test_should_submit_all_of_an_array_again_whose_children_lost_their_capacity(
    post, end, rerun, batch, alerts
):
    post(shards=2)
    for child in range(2):
        end(RECLAIMED, jobId=f"aws-1:{child}", arrayProperties={"index": child})
    end("batch_failed_array_parent", arrayProperties={"size": 2, "statusSummary": {"FAILED": 2}})
    assert rerun()
    assert [request["jobQueue"].endswith("on-demand-queue") for request in batch.requests] == [
        *(False, False),
        *(True, True),
    ]
    (alert,) = alerts()
    assert "so it is submitted again on demand" in alert["next_step"]
