"""Which container decides in a job that has several, and what such jobs need, from recorded events."""

import copy
from decimal import Decimal

import pytest
from msgspec import structs

from pulse.aws.ledger import items as ledger_items
from pulse.domain.catalogue.catalogue import Queue
from pulse.domain.diagnosis.diagnose import diagnose
from pulse.domain.job import event as job_event
from pulse.domain.job.changes import advanced, foreign
from pulse.domain.job.record import JobRecord
from pulse.services.follow.price_runs import Cost, PriceRuns
from tests.prices import PRICES
from tests.unit.claim_world import CATALOGUE

SEVERAL = (
    *("running_several_containers", "failed_several_containers_memory", "failed_multi_node"),
    *("failed_multi_node_main_node", "failed_pod_memory", "failed_other_program", "failed_out_of_memory"),
)
ODD = (
    None,
    "",
    "odd",
    "9" * 5000,
    "NaN",
    -1,
    0,
    2**63,
    10**5000,
    1e308,
    float("inf"),
    True,
    [],
    {},
    [[]],
    [{}],
)


def of_containers(*ended, status="FAILED", **detail):
    """An event of a job with these containers on Amazon ECS."""
    tasks = {"taskProperties": [{"containers": list(ended)}]}
    return job_event.parse({"jobId": "j", "status": status, "ecsProperties": tasks, **detail})


def main(**more):
    return {"name": "main", "essential": True, "logStreamName": "job/main/1", **more}


def sidecar(**more):
    return {"name": "sidecar", "essential": False, "logStreamName": "job/sidecar/1", **more}


def test_should_end_as_the_container_that_decides_does(happened, now):
    event = happened("failed_several_containers_memory")
    assert (event.exit_code, event.reason) == (137, "OutOfMemoryError: Container killed due to memory usage")
    assert (event.log_group, event.log_stream) == ("/teams/simulation", "simulate/main/aaa")
    (attempt,) = event.attempts
    assert (attempt.exit_code, attempt.log_stream, attempt.ran_seconds) == (137, "simulate/main/aaa", 600)
    record = foreign(event, job_id=event.batch_job_id, queue="fifo", now=now)
    assert (record.status, record.ran_seconds, diagnose(record).cause) == ("FAILED", 600, "out-of-memory")


def test_should_need_what_all_containers_need_together(happened):
    event = happened("running_several_containers")
    assert (event.vcpus, event.memory_mib, event.gpus) == ("2.5", 5120, 0)


def test_should_log_where_its_first_essential_container_does_while_it_runs():
    event = of_containers(sidecar(), main(), status="RUNNING")
    assert event.log_stream == "job/main/1"


@pytest.mark.parametrize(
    ("containers", "decides"),
    [
        ((main(exitCode=3), sidecar(exitCode=0)), (3, "job/main/1")),
        ((sidecar(exitCode=9), main(exitCode=3)), (3, "job/main/1")),
        ((sidecar(exitCode=9), main(exitCode=0)), (0, "job/main/1")),
        ((sidecar(exitCode=9), main()), (9, "job/sidecar/1")),
        ((main(exitCode=0), main(exitCode=4, logStreamName="job/second/1")), (4, "job/second/1")),
        ((main(exitCode=143), main(exitCode=4, logStreamName="job/second/1")), (4, "job/second/1")),
        ((main(exitCode=143), main(exitCode=137, logStreamName="job/second/1")), (137, "job/second/1")),
        ((main(exitCode=137), main(reason="odd", logStreamName="job/second/1")), (None, "job/second/1")),
        ((main(exitCode=5), main(exitCode=6, logStreamName="job/second/1")), (5, "job/main/1")),
        ((main(exitCode=143), sidecar(exitCode=9)), (143, "job/main/1")),
        (({"name": "main", "exitCode": 3}, sidecar(exitCode=0)), (3, "")),
        ((sidecar(), main()), (None, "job/main/1")),
        ((sidecar(),), (None, "job/sidecar/1")),
    ],
)
def test_should_let_an_essential_container_decide_that_failed_by_itself(containers, decides):
    event = of_containers(*containers)
    assert (event.exit_code, event.log_stream) == decides


def test_should_take_the_end_from_the_last_attempt_where_the_job_itself_does_not_say():
    attempts = [
        {"taskProperties": [{"containers": [main(exitCode=1)]}]},
        {
            "taskProperties": [
                {"containerInstanceArn": "arn:i", "containers": [sidecar(exitCode=9), main(exitCode=0)]}
            ]
        },
    ]
    described = ({"name": "sidecar", "essential": False}, {"name": "main"})
    event = of_containers(*described, attempts=attempts)
    assert (event.exit_code, event.container_instance) == (0, "arn:i")
    assert [attempt.exit_code for attempt in event.attempts] == [1, 0]
    assert of_containers(*described, attempts=attempts, status="RUNNABLE").exit_code is None


def variables(**values):
    return {"environment": [{"name": name, "value": value} for name, value in values.items()]}


@pytest.mark.parametrize(
    "containers",
    [
        (main(**variables(PULSE_JOB_ID="mine")), sidecar(**variables(PULSE_JOB_ID="other"))),
        (sidecar(**variables(PULSE_JOB_ID="other")), main(**variables(PULSE_JOB_ID="mine"))),
        (main(), sidecar(**variables(PULSE_JOB_ID="mine"))),
        (main(**variables(PULSE_JOB_ID="")), sidecar(**variables(PULSE_JOB_ID="mine"))),
        (main(exitCode=0, **variables(PULSE_JOB_ID="mine")), main(exitCode=3, **variables(PULSE_JOB_ID="b"))),
    ],
)
def test_should_find_the_job_id_in_whichever_container_has_it(containers):
    assert of_containers(*containers).named_job_id == "mine"


def test_should_find_the_results_of_a_job_in_the_bucket_that_one_container_names(now):
    event = of_containers(main(), sidecar(**variables(S3_RESULTS_BUCKET="pulse-results")))
    assert foreign(event, job_id="j", queue="fifo", now=now).results_bucket == "pulse-results"


def test_should_end_as_the_main_node_does(happened, now):
    event = happened("failed_multi_node")
    assert (event.exit_code, event.log_group, event.log_stream) == (
        3,
        "/teams/forecast",
        "forecast/default/aa0",
    )
    assert event.container_instance.endswith("/000")
    record = foreign(event, job_id=event.batch_job_id, queue="fifo", now=now)
    assert (record.exit_code, diagnose(record).cause) == (3, "unknown")
    assert not happened("failed_multi_node").is_node


@pytest.mark.parametrize("name", ["running_multi_node", "failed_multi_node"])
def test_should_need_what_all_nodes_need_together(happened, name):
    event = happened(name)
    assert (event.vcpus, event.memory_mib, event.gpus) == ("28", 8192 + 3 * 16384, 3)


@pytest.mark.parametrize(
    ("targets", "nodes"),
    [("0:3", 4), (":1", 2), ("2:", 3), ("4", 1), (":", 5), ("9:", 0), ("", 0), ("1-2", 0), (None, 0), (4, 0)],
)
def test_should_count_the_nodes_of_a_range(targets, nodes):
    others = {"targetNodes": ":", "container": {"vcpus": 1}}
    one = {"targetNodes": targets, "container": {"resourceRequirements": [{"type": "VCPU", "value": "3"}]}}
    properties = {"numNodes": 5, "mainNode": 0, "nodeRangeProperties": [others, one]}
    event = job_event.parse({"jobId": "j", "status": "RUNNING", "nodeProperties": properties})
    assert event.vcpus == f"{3 * nodes + 5 - nodes}"


def test_should_know_the_containers_of_a_main_node_that_has_several():
    container = main(resourceRequirements=[{"type": "VCPU", "value": "4"}], **variables(PULSE_JOB_ID="mine"))
    tasks = {"taskProperties": [{"containers": [sidecar(), container]}]}
    properties = {
        "numNodes": 3,
        "mainNode": 2,
        "nodeRangeProperties": [
            {"targetNodes": "0:1", "container": {"vcpus": 8, "memory": 100, "command": ["./worker"]}},
            {"targetNodes": "2:", "ecsProperties": tasks},
        ],
    }
    ended = {"taskProperties": [{"containers": [sidecar(exitCode=1), main(exitCode=67)]}]}
    event = job_event.parse(
        {"jobId": "j", "status": "FAILED", "nodeProperties": properties, "attempts": [ended]}
    )
    assert (event.named_job_id, event.exit_code, event.vcpus, event.memory_mib) == ("mine", 67, "20", 200)


def test_should_tell_a_node_from_its_job(happened):
    for name in ("main", "other"):
        node = happened(f"failed_multi_node_{name}_node")
        assert node.is_node
        assert not node.is_array_child
        assert node.parent_batch_job_id == happened("failed_multi_node").batch_job_id
    assert happened("failed_array_child").parent_batch_job_id == happened("failed_array_parent").batch_job_id


def test_should_end_as_the_container_of_a_pod_does_that_failed(happened, now):
    event = happened("failed_pod_memory")
    assert (event.exit_code, event.reason, event.log_stream) == (137, "OOMKilled", "")
    assert (event.vcpus, event.memory_mib, event.gpus) == ("2", 4608, 1)
    assert event.command == ("python", "report.py")
    (attempt,) = event.attempts
    assert (attempt.exit_code, attempt.reason, attempt.ran_seconds) == (137, "OOMKilled", 600)
    assert attempt.status_reason == "Pod failed: a container was killed for its memory"
    record = foreign(event, job_id=event.batch_job_id, queue="fifo", now=now)
    assert diagnose(record).cause == "out-of-memory"


def test_should_end_as_the_init_container_does_that_kept_a_pod_from_starting(detail):
    ended = detail("failed_pod_memory")
    pod = ended["eksProperties"]["podProperties"]
    pod["initContainers"][0] |= {"exitCode": 7, "reason": "Error"}
    for container in pod["containers"]:
        container.pop("exitCode")
        container["reason"] = "PodInitializing"
    assert job_event.parse(ended).exit_code == 7


def test_should_take_the_end_of_a_pod_from_its_last_attempt(detail):
    ended = detail("failed_pod_memory")
    pod = ended["eksProperties"]["podProperties"]
    for container in (*pod["containers"], *pod["initContainers"]):
        container.pop("exitCode")
        container.pop("reason")
    event = job_event.parse(ended)
    assert (event.exit_code, event.reason) == (137, "OOMKilled")


@pytest.mark.parametrize("memory", ["1Gi", "1024Mi"])
def test_should_read_what_a_pod_is_limited_to_where_it_requests_nothing(memory):
    limits = {"cpu": 0.25, "memory": memory, "nvidia.com/gpu": "2"}
    pod = {"podProperties": {"containers": [{"resources": {"limits": limits}}]}}
    event = job_event.parse({"jobId": "j", "status": "RUNNING", "eksProperties": pod})
    assert (event.vcpus, event.memory_mib, event.gpus) == ("0.25", 1024, 2)


def priced(event, now, **queue):
    """The cost of a foreign job that has ended, and what it needed, in a queue of this kind."""
    queues = {"some": Queue(arn="arn:some", **queue)}
    catalogue = structs.replace(CATALOGUE, queues=queues)
    runs = PriceRuns(ledger=None, instances=None, prices=PRICES, catalogue=catalogue, clock=lambda: now)
    record = foreign(event, job_id="j", queue="some", now=now)
    return record.vcpus, runs.cost_of(record, event)


def test_should_price_a_job_by_all_of_its_containers(happened, now):
    # 600 s of 2.5 vCPU at $0.04 and 5 GB at $0.004 an hour.
    cost = Cost(usd=Decimal("0.020000"))
    assert priced(happened("failed_several_containers_memory"), now) == ("2.5", cost)


def test_should_know_no_cost_of_a_pod(happened, now):
    assert priced(happened("failed_pod_memory"), now) == ("2", Cost())


def test_should_know_no_cost_of_several_nodes_of_which_only_the_main_one_says_where_it_ran(happened, now):
    assert priced(happened("failed_multi_node"), now, platform="EC2") == ("28", Cost())


def paths(value, at=()):
    """Where values stand in a document, the document itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*at, key)
        yield from paths(item, (*at, key))


def with_value(document, path, value):
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


@pytest.mark.long
@pytest.mark.parametrize("name", SEVERAL)
def test_should_record_an_end_whichever_piece_of_its_event_is_malformed(detail, now, name):
    whole = detail(name)
    for path in paths(whole):
        if path in {("jobId",), ("status",)}:
            continue
        for odd in ODD:
            event = job_event.parse(with_value(whole, path, odd))
            record = foreign(event, job_id="j", queue="fifo", now=now)
            assert record.status == whole["status"]
            assert ledger_items.wire(ledger_items.record_values(record))
            if record.status == "FAILED":
                assert diagnose(record).cause
                assert not priced(event, now)[1].trouble


def test_should_lose_only_the_piece_that_is_malformed(detail):
    event = job_event.parse(
        detail("failed_several_containers_memory") | {"timeout": [], "tags": 3, "startedAt": -1}
    )
    assert (event.exit_code, event.vcpus, event.tags, event.started_at) == (137, "2.5", {}, None)


def test_should_know_from_each_event_whether_a_foreign_job_runs_the_training(happened, now):
    other = happened("running_several_containers")
    record = foreign(other, job_id="j", queue="fifo", now=now)
    assert not record.is_training
    trains = structs.replace(other, status="FAILED", runs_training=True)
    assert advanced(record, trains).is_training
    silent = structs.replace(trains, command=(), job_definition="", runs_training=False)
    assert not advanced(record, silent).is_training
    assert advanced(structs.replace(record, runs_training=True), silent).is_training


def test_should_take_every_job_of_ours_for_a_training(record, happened):
    ours = advanced(record, happened("failed_other_program"))
    assert ours.is_training
    stored = ledger_items.wire(ledger_items.record_values(ours))
    assert "runs_training" not in stored
    assert ledger_items.record_of(stored).is_training


def test_should_read_a_foreign_record_that_was_written_before_its_program_was_known(now):
    old = JobRecord(job_id="j", status="FAILED", created_at=now, foreign=True, exit_code=65)
    stored = ledger_items.wire(ledger_items.record_values(old))
    assert "runs_training" not in stored
    assert diagnose(ledger_items.record_of(stored)).cause == "unknown"


@pytest.mark.parametrize(
    ("configuration", "group"),
    [
        (None, "/aws/batch/job"),
        ({"logDriver": "awslogs"}, "/aws/batch/job"),
        ({"logDriver": "awslogs", "options": {"awslogs-stream-prefix": "x"}}, "/aws/batch/job"),
        ({"logDriver": "awslogs", "options": {"awslogs-group": "/teams/a"}}, "/teams/a"),
        ({"logDriver": "splunk", "options": {"awslogs-group": "/teams/a"}}, ""),
        ("hostile", "/aws/batch/job"),
    ],
)
@pytest.mark.parametrize("stream", [{"logStreamName": "job/default/1"}, {}])
def test_a_container_without_a_log_configuration_logs_where_batch_does(configuration, group, stream):
    container = {"image": "i", **({} if configuration is None else {"logConfiguration": configuration})}
    event = job_event.parse({"jobId": "a", "status": "RUNNABLE", "container": {**container, **stream}})
    assert event.log_group == group
