"""Ends of other programs' jobs through on_job_event's real entry point: the record and the one alert, for
jobs of one container, of several, of several nodes, and of a pod.
"""

import itertools
from decimal import Decimal

import pytest

from pulse.domain.training.exit_codes import MEANINGS

pytestmark = pytest.mark.usefixtures("deployed")

SEVERAL = "1f1f1f1f-1111-4111-8111-111111111111"
NODES = "6f6f6f6f-1111-4111-8111-111111111111"
POD = "7f7f7f7f-1111-4111-8111-111111111111"
OTHER = "5f5f5f65-1111-4111-8111-111111111111"
TRAINING = ["/usr/bin/python3", "-u", "-m", "recursive_training.run_training", "--use-dask"]
DEFINITION = "arn:aws:batch:us-east-1:123456789012:job-definition/pulse-retrodiction-training:3"


@pytest.fixture
def ended(event):
    """The end of another program's job with this exit code and other values in its container and detail."""

    def changed(exit_code, *, container=(), **detail):
        found = event("batch_failed_other_program")
        found["detail"]["container"] |= {"exitCode": exit_code, **dict(container)}
        found["detail"]["attempts"][0]["container"]["exitCode"] = exit_code
        found["detail"] |= detail
        return found

    return changed


def facts(alert):
    return {fact["label"]: fact["value"] for fact in (*alert["facts"], *alert["names"])}


def links(alert):
    return {link["label"]: link["url"] for link in alert["links"]}


@pytest.mark.parametrize(
    "before", [[], ["batch_running_several_containers"], ["batch_failed_several_containers_memory"]]
)
def test_should_tell_once_how_the_container_ended_that_decides(happen, ledger, alerts, before):
    assert happen(*before, "batch_failed_several_containers_memory") == []
    record = ledger.record(SEVERAL)
    assert (record.status, record.exit_code, record.vcpus, record.memory_mib) == ("FAILED", 137, "2.5", 5120)
    assert (record.log_group, record.log_stream) == ("/teams/simulation", "simulate/main/aaa")
    # 600 s of 2.5 vCPU at $0.04 and 5 GB at $0.004 an hour.
    assert record.cost_usd == Decimal("0.02")
    (alert,) = alerts()
    assert (alert["kind"], alert["cause"]) == ("FAILED", "out-of-memory")
    assert alert["headline"] == "Job simulate-with-sidecar failed: out of memory"
    assert "exit code 137; OutOfMemoryError" in alert["reason"]
    assert facts(alert)["Resources"] == "2.5 vCPU, 5120 MiB"
    assert facts(alert)["Cost"] == "$0.0200 estimated"
    assert "$252Fteams$252Fsimulation/log-events/simulate$252Fmain$252Faaa" in links(alert)["Log"]


def test_should_tell_the_exit_code_of_the_container_that_decides(happen, event, alerts):
    failed = event("batch_failed_several_containers_exit_code")
    assert happen(failed) == []
    (alert,) = alerts()
    assert alert["headline"] == "Job simulate-b failed with exit code 3"


@pytest.mark.parametrize(
    "order",
    list(
        itertools.permutations(
            [
                "batch_failed_multi_node_main_node",
                "batch_failed_multi_node",
                "batch_failed_multi_node_other_node",
            ]
        )
    ),
    ids=lambda order: " ".join(name.removeprefix("batch_failed_") for name in order),
)
def test_should_tell_once_how_the_main_node_ended_whatever_its_nodes_do(happen, ledger, alerts, order):
    assert happen("batch_running_multi_node", *order, *order) == []
    record = ledger.record(NODES)
    assert (record.status, record.exit_code, record.log_stream) == ("FAILED", 3, "forecast/default/aa0")
    assert (record.vcpus, record.memory_mib, record.gpus) == ("28", 57344, 3)
    assert [ledger.record(f"{NODES}#{node}") for node in range(2)] == [None, None]
    (alert,) = alerts()
    assert alert["headline"] == "Job forecast-mpi failed with exit code 3"
    assert "$252Fteams$252Fforecast/log-events/forecast$252Fdefault$252Faa0" in links(alert)["Log"]


def test_should_note_why_a_node_cannot_start_with_its_job(happen, event, ledger, alerts):
    waits = event("batch_running_multi_node")
    waits["detail"]["status"] = "RUNNABLE"
    assert happen(waits) == []
    waits["detail-type"] = "Batch Job Queue Blocked"
    waits["detail"] |= {"jobId": f"{NODES}#0", "statusReason": "ACTION_REQUIRED - the environment is INVALID"}
    assert happen(waits) == []
    assert ledger.record(NODES).blocked_reason.startswith("ACTION_REQUIRED")
    assert ledger.record(f"{NODES}#0") is None


def test_should_tell_why_a_pod_failed_and_no_cost_of_it(happen, ledger, alerts):
    assert happen("batch_failed_pod_memory", "batch_failed_pod_memory") == []
    record = ledger.record(POD)
    assert (record.status, record.exit_code, record.vcpus, record.memory_mib) == ("FAILED", 137, "2", 4608)
    assert record.cost_usd is None
    assert [*ledger.costs("2026-03")] == []
    (alert,) = alerts()
    assert alert["headline"] == "Job daily-report failed: out of memory"
    assert "Cost" not in facts(alert)


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_should_tell_the_exit_code_of_another_program_as_it_is(happen, ended, ledger, alerts, code):
    assert happen(ended(code), ended(code)) == []
    (alert,) = alerts()
    assert alert["headline"] == f"Job nightly-report-65 failed with exit code {code}"
    assert alert["cause"] == "unknown"
    assert f"exit code {code}" in alert["reason"]
    assert "$252Faws$252Fbatch$252Fjob/log-events/nightly$252Fdefault$252F65" in links(alert)["Log"]
    assert not ledger.record(OTHER).is_training


@pytest.mark.parametrize(
    "runs",
    [
        {"container": {"command": TRAINING}},
        {"container": {"command": ["sh", "-c", " ".join(TRAINING)]}},
        {"container": {"command": []}, "jobDefinition": DEFINITION},
    ],
    ids=["command", "shell", "definition"],
)
def test_should_read_the_exit_code_of_a_training_that_another_client_submitted(
    happen, ended, ledger, alerts, runs
):
    assert happen(ended(65, **runs)) == []
    assert ledger.record(OTHER).is_training
    (alert,) = alerts()
    assert alert["cause"] == "unreadable-file"


def test_should_stay_silent_only_about_a_duplicate_of_the_training(happen, ended, alerts):
    training = ended(76, container={"command": TRAINING}, jobId="a-training")
    assert happen(training, ended(76)) == []
    assert [alert["job_id"] for alert in alerts()] == [OTHER]


def test_should_keep_the_cause_of_another_program_s_child_its_own(happen, ended, ledger, alerts):
    child = ended(76, jobId=f"{OTHER}:1", arrayProperties={"index": 1, "statusSummary": {}})
    parent = ended(
        76,
        container={"exitCode": None, "logStreamName": None},
        attempts=[],
        arrayProperties={"size": 2, "statusSummary": {"FAILED": 1, "SUCCEEDED": 1}},
        statusReason="Array Child Job failed",
    )
    assert happen(child, parent, child, parent) == []
    (noted,) = ledger.children(OTHER)
    assert (noted.exit_code, noted.cause) == (76, "unknown")
    (alert,) = alerts()
    assert (alert["cause"], "exit code 76" in alert["reason"]) == ("unknown", True)


def test_should_tell_where_the_log_is_of_a_job_that_was_lost_with_its_host(happen, event, alerts):
    lost = event("batch_running_several_containers")
    ended = {"startedAt": 1772443842000, "stoppedAt": 1772444442000, "statusReason": "Host lost"}
    lost["detail"] |= {"status": "FAILED", **ended, "attempts": [ended | {"taskProperties": []}]}
    assert happen(lost) == []
    (alert,) = alerts()
    assert alert["cause"] == "host-lost"
    assert "simulate$252Fmain$252Faaa" in links(alert)["Log"]


def test_should_alert_when_a_piece_of_the_end_is_malformed(happen, event, ledger, alerts):
    odd = event("batch_failed_several_containers_memory")
    odd["detail"] |= {"startedAt": 10**30, "attempts": "odd", "retryStrategy": 3, "tags": ["a"]}
    (task,) = odd["detail"]["ecsProperties"]["taskProperties"]
    task["containers"][1]["resourceRequirements"] = {"type": "VCPU"}
    assert happen(odd) == []
    record = ledger.record(SEVERAL)
    assert (record.exit_code, record.vcpus, record.memory_mib) == (137, "2", 4096)
    (alert,) = alerts()
    assert alert["cause"] == "out-of-memory"
