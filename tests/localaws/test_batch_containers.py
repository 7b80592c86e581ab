"""Jobs of several containers that run: order, shared volumes, ends, and what AWS Batch tells of them."""

import json

import pytest

from localaws.batch.ecs import task_metadata, tasks
from localaws.batch.running.faults import Faults, Rule
from tests.localaws.batch_world import EXECUTION_ROLE, after, part
from tests.localaws.test_batch_tasks import ask

FOREVER = "import time; time.sleep(600)"
VOLUME = {"volumes": [{"name": "shared", "host": {}}]}
MOUNT = [{"sourceVolume": "shared", "containerPath": "/pulse"}]
SHARED = [{"name": "SHARED", "value": "/pulse"}]
MOUNTED = {"mountPoints": MOUNT, "environment": SHARED}
# Sleeps until SIGTERM, then ends well.
PATIENT = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("asked to stop", flush=True), sys.exit(0)))
{ready}
time.sleep(600)
"""
READY = "import os, pathlib; pathlib.Path(os.environ['SHARED'], 'ready').touch()"
WAITS = """
import os, pathlib, time
while not pathlib.Path(os.environ["SHARED"], "ready").exists():
    time.sleep(0.01)
"""


def ends(job):
    """The exit code of each container in DescribeJobs, once its last attempt is seen to say the same."""
    [task] = job.attempts[-1]["taskProperties"]
    assert "container" not in job.detail
    assert "container" not in job.attempts[-1]
    assert task["taskArn"] == job.task["taskArn"]
    described = [
        {name: one.get(name) for name in ("name", "exitCode", "logStreamName")} for one in job.containers
    ]
    assert [{name: one.get(name) for name in described[0]} for one in task["containers"]] == described
    return [one.get("exitCode") for one in job.containers]


def test_containers_run_in_order_share_a_volume_and_log_each_by_its_name(play):
    write = "import os, pathlib; pathlib.Path(os.environ['SHARED'], 'data').write_text('of before')"
    read = (
        "import os, pathlib; print(pathlib.Path(os.environ['FILE']).read_text()); print(os.environ['OTHER'])"
    )
    variables = [{"name": "FILE", "value": "/pulse/data"}, {"name": "OTHER", "value": "/pulses"}]

    async def scenario(world):
        job = world.submit_several(
            part(
                "main", read, dependsOn=after("before", "SUCCESS"), mountPoints=MOUNT, environment=variables
            ),
            part("before", write, essential=False, **MOUNTED),
            task=VOLUME,
        )
        await world.until(job)
        assert (job.status, job.detail["statusReason"]) == ("SUCCEEDED", "Essential container in task exited")
        assert ends(job) == [0, 0]
        assert world.log(job) == ["of before", "/pulses"]
        task_id = job.task["taskArn"].rpartition("/")[2]
        assert job.containers[0]["logStreamName"] == f"definition/main/{task_id}"
        assert job.containers[1]["logStreamName"] == f"definition/before/{task_id}"
        assert world.aws.statuses(job) == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
        assert not (world.jobs_folder / task_id).exists()

    play(scenario)


def test_a_path_in_a_volume_is_handed_to_a_process_as_the_folder_that_is_there(play):
    code = "import os, sys; print(sys.argv[1:], os.environ['SHARED'], os.environ['OF_THE_IMAGE'])"
    words = ["python", "-c", code, "/pulse", "/pulse/data", "/inner/x", "--at=/pulse", "/pulsex", "/etc"]

    async def scenario(world):
        world.images["image"].env["OF_THE_IMAGE"] = "/pulse/of/the/image"
        inner = {"sourceVolume": "inner", "containerPath": "/inner/"}
        efs = {"name": "efs", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}
        job = world.submit(
            containerOverrides={"command": words},
            container={
                "volumes": [{"name": "shared"}, {"name": "inner", "host": {}}, efs],
                "mountPoints": [*MOUNT, inner, {"sourceVolume": "efs", "containerPath": "/etc"}],
                "environment": SHARED,
            },
        )
        await world.until(job)
        volumes = world.jobs_folder / job.task["taskArn"].rpartition("/")[2] / "volumes"
        argv = [f"{volumes}/shared", f"{volumes}/shared/data", f"{volumes}/inner/x", *words[-3:]]
        assert world.log(job) == [f"{argv} {volumes}/shared {volumes}/shared/of/the/image"]

    play(scenario)


@pytest.mark.parametrize("code", [0, 3])
def test_the_end_of_an_essential_container_stops_the_others(play, code):
    async def scenario(world):
        job = world.submit_several(
            part("sidecar", PATIENT.format(ready=READY), essential=False, **MOUNTED),
            part("main", f"{WAITS}\nraise SystemExit({code})", **MOUNTED),
            task=VOLUME,
        )
        await world.until(job)
        assert job.status == ("FAILED" if code else "SUCCEEDED")
        assert job.detail["statusReason"] == "Essential container in task exited"
        assert ends(job) == [0, code]
        assert world.log(job) == ["asked to stop"]

    play(scenario, scale=1)


def test_the_container_that_failed_first_decides_over_those_that_it_stopped(play):
    rules = [{"onExitCode": "3", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]

    async def scenario(world):
        job = world.submit_several(
            part("stopped", FOREVER),
            part("failed", "raise SystemExit(3)"),
            retryStrategy={"attempts": 2, "evaluateOnExit": rules},
        )
        await world.until(job)
        assert (job.status, len(job.attempts)) == ("FAILED", 2)
        assert ends(job) == [137, 3]
        first, second = (one["taskProperties"][0]["taskArn"] for one in job.attempts)
        assert first != second

    play(scenario)


@pytest.mark.parametrize(
    ("code", "status"), [(PATIENT.format(ready=READY), "SUCCEEDED"), (f"{READY}\n{FOREVER}", "FAILED")]
)
def test_an_essential_container_that_another_one_s_end_stopped_counts_with_its_own_exit_code(
    play, code, status
):
    async def scenario(world):
        job = world.submit_several(
            part("main", WAITS, **MOUNTED), part("other", code, **MOUNTED), task=VOLUME
        )
        await world.until(job)
        assert job.status == status
        assert ends(job) == [0, 0 if status == "SUCCEEDED" else 137]

    play(scenario, scale=1)


def test_a_dependency_that_did_not_end_well_stops_the_task_before_it_runs(play):
    async def scenario(world):
        job = world.submit_several(
            part("before", "raise SystemExit(4)", essential=False),
            part("main", dependsOn=after("before", "SUCCESS")),
        )
        await world.until(job)
        assert (job.status, job.detail["statusReason"]) == ("FAILED", "Task failed to start")
        assert ends(job) == [4, None]
        assert job.containers[1]["reason"].endswith("[main]: [before] did not exit successfully")
        assert "logStreamName" not in job.containers[1]
        assert "RUNNING" not in world.aws.statuses(job)

    play(scenario)


def test_a_dependency_is_not_waited_for_when_another_one_has_failed(play):
    async def scenario(world):
        amounts = {"vcpus": "0.25", "memory": "512"}
        job = world.submit_several(
            part("for-ever", FOREVER, essential=False, **amounts),
            part("before", "raise SystemExit(4)", essential=False, **amounts),
            part("main", dependsOn=[*after("for-ever", "COMPLETE"), *after("before", "SUCCESS")]),
        )
        await world.until(job)
        assert (job.status, ends(job)) == ("FAILED", [137, 4, None])

    play(scenario)


def test_a_container_that_waits_for_an_end_takes_any_end(play):
    async def scenario(world):
        job = world.submit_several(
            part("before", "raise SystemExit(4)", essential=False),
            part("main", dependsOn=after("before", "COMPLETE")),
        )
        await world.until(job)
        assert (job.status, ends(job)) == ("SUCCEEDED", [4, 0])

    play(scenario)


def test_a_dependency_that_takes_longer_than_its_start_timeout_stops_the_task(play):
    async def scenario(world):
        job = world.submit_several(
            part("before", FOREVER, essential=False, startTimeout=2),
            part("main", dependsOn=after("before", "COMPLETE")),
        )
        await world.until(job)
        assert (job.status, ends(job)) == ("FAILED", [137, None])
        assert job.containers[1]["reason"].endswith("[main]: [before] has timed out")

    play(scenario)


@pytest.mark.parametrize(("essential", "status"), [(True, "FAILED"), (False, "SUCCEEDED")])
def test_a_container_whose_command_does_not_exist_stops_the_task_if_it_is_essential(play, essential, status):
    async def scenario(world):
        job = world.submit_several(
            part("main", "pass" if status == "SUCCEEDED" else FOREVER),
            part("broken", command=["no-such-command"], essential=essential),
        )
        await world.until(job)
        assert (job.status, ends(job)[1]) == (status, 127)
        assert job.containers[1]["reason"].startswith("CannotStartContainerError:")
        if essential:
            assert job.detail["statusReason"] == "Task failed to start"
        else:
            assert "RUNNING" in world.aws.statuses(job)

    play(scenario)


def test_a_container_waits_in_vain_for_the_start_of_one_that_cannot_start(play):
    async def scenario(world):
        job = world.submit_several(
            part("main", dependsOn=after("broken", "START")),
            part("broken", command=["no-such-command"], essential=False),
        )
        await world.until(job)
        assert (job.status, ends(job)) == ("FAILED", [None, 127])
        assert job.containers[0]["reason"].endswith("[main]: [broken] will never start")

    play(scenario)


def test_no_container_starts_when_one_s_image_is_missing_and_that_one_says_so(play):
    async def scenario(world):
        job = world.submit_several(part("main"), part("other", image="missing", essential=False))
        await world.until(job)
        assert (job.status, job.detail["statusReason"]) == ("FAILED", "Task failed to start")
        assert ends(job) == [None, None]
        assert "reason" not in job.containers[0]
        assert job.containers[1]["reason"].startswith("CannotPullContainerError:")

    play(scenario)


def test_containers_stop_in_the_reverse_order_of_their_start(play):
    main = f"""
import pathlib, os, signal, sys, time
def stop(*_):
    time.sleep(0.2)
    pathlib.Path(os.environ["SHARED"], "main has ended").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
{READY}
time.sleep(600)
"""
    sidecar = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print(os.listdir(os.environ["SHARED"]), flush=True), sys.exit(0)))
time.sleep(600)
"""

    async def scenario(world):
        job = world.submit_several(
            part("main", main, dependsOn=after("sidecar", "START"), **MOUNTED),
            part("sidecar", sidecar, **MOUNTED),
            task=VOLUME,
        )
        await world.until(job, "RUNNING")
        volume = world.jobs_folder / job.task["taskArn"].rpartition("/")[2] / "volumes" / "shared"
        await world.when((volume / "ready").exists)
        world.engine.terminate(job, "enough")
        await world.until(job)
        assert (job.status, job.detail["statusReason"], ends(job)) == ("FAILED", "enough", [0, 0])
        assert "main has ended" in world.log(job, 1)[0]

    play(scenario, scale=1)


def test_a_job_that_is_terminated_while_a_container_waits_does_not_start_it(play):
    async def scenario(world):
        job = world.submit_several(
            part("before", FOREVER, essential=False), part("main", dependsOn=after("before", "COMPLETE"))
        )
        await world.when(lambda: "startedAt" in job.containers[0])
        assert job.status == "STARTING"
        world.engine.terminate(job, "enough")
        await world.until(job)
        assert (job.status, job.detail["statusReason"], ends(job)) == ("FAILED", "enough", [143, None])
        assert "startedAt" not in job.detail

    play(scenario)


def test_the_timeout_of_a_job_stops_all_of_its_containers(play):
    async def scenario(world):
        job = world.submit_several(
            part("a", FOREVER), part("b", FOREVER), timeout={"attemptDurationSeconds": 60}
        )
        await world.until(job)
        assert job.detail["statusReason"] == "Job attempt duration exceeded timeout"
        assert (job.status, ends(job)) == ("FAILED", [137, 137])

    play(scenario, scale=0.005)


@pytest.mark.parametrize(
    ("how", "codes", "reasons"),
    [
        (
            "out-of-memory",
            [137, 137, 137],
            [None, "OutOfMemoryError: Container killed due to memory usage", None],
        ),
        ("spot-fargate", [137, 137, 137], [None] * 3),
        ("host-lost", [None] * 3, [None] * 3),
    ],
)
def test_a_fault_on_demand_strikes_the_first_essential_container_or_the_whole_task(play, how, codes, reasons):
    async def scenario(world):
        world.engine.faults = Faults([Rule(how)])
        job = world.submit_several(
            part("sidecar", FOREVER, essential=False, vcpus="0.25", memory="512"),
            part("main", FOREVER, vcpus="0.5", memory="1024"),
            part("other", FOREVER, vcpus="0.25", memory="512"),
        )
        await world.until(job)
        assert (job.status, ends(job)) == ("FAILED", codes)
        assert [one.get("reason") for one in job.containers] == reasons

    play(scenario)


def test_each_container_has_its_own_memory(play):
    async def scenario(world):
        job = world.submit_several(
            part("small", f"x = b'1' * 200_000_000\n{FOREVER}", essential=False, memory="100"),
            part("main", memory="1948", dependsOn=after("small", "COMPLETE")),
        )
        await world.until(job)
        assert (job.status, ends(job)) == ("SUCCEEDED", [137, 0])
        assert job.containers[0]["reason"] == "OutOfMemoryError: Container killed due to memory usage"

    play(scenario)


def test_the_metadata_of_a_task_say_how_each_container_is(play):
    async def scenario(world):
        job = world.submit_several(
            part("watches", FOREVER, vcpus="0.25", memory="512"),
            part("ended", "raise SystemExit(4)", essential=False, vcpus="0.5"),
            part("waits", dependsOn=after("watches-on", "COMPLETE"), vcpus="0.125", memory="256"),
            part("watches-on", FOREVER, essential=False, vcpus="0.125", memory="256"),
        )
        await world.when(lambda: "stoppedAt" in job.containers[1] and "startedAt" in job.containers[3])
        status, task = ask(world, job, "/task")
        assert status == 200
        found = [(one["Name"], one["KnownStatus"], one.get("ExitCode")) for one in task["Containers"]]
        assert found == [
            ("watches", "RUNNING", None),
            ("ended", "STOPPED", 4),
            ("waits", "PULLED", None),
            ("watches-on", "RUNNING", None),
        ]
        assert len({one["DockerId"] for one in task["Containers"]}) == 4
        assert task["Containers"][1]["FinishedAt"] >= task["Containers"][1]["StartedAt"]
        assert task["Containers"][1]["Limits"] == {"CPU": 512, "Memory": 1024}
        assert ask(world, job)[1] == task["Containers"][0]
        cluster = world.region.environments["environment"]["ecsClusterArn"]
        [described] = tasks.describe(world.region, cluster, [job.task["taskArn"]])["tasks"]
        assert (described["cpu"], described["memory"], described["lastStatus"]) == ("1024", "2048", "PENDING")
        assert [(one["name"], one["lastStatus"], one.get("exitCode")) for one in described["containers"]] == [
            ("watches", "RUNNING", None),
            ("ended", "STOPPED", 4),
            ("waits", "PENDING", None),
            ("watches-on", "RUNNING", None),
        ]

    play(scenario)


def test_each_container_has_its_own_metadata_address_and_all_have_the_task_s_role(play):
    names = ("ECS_CONTAINER_METADATA_URI_V4", "AWS_ACCESS_KEY_ID")
    shows = f"import os; [print(os.environ[name]) for name in {names}]"
    role = EXECUTION_ROLE.replace("execution", "job")

    async def scenario(world):
        job = world.submit_several(
            part("before", shows, essential=False),
            part("main", shows, dependsOn=after("before", "SUCCESS")),
            task={"taskRoleArn": role},
        )
        await world.until(job)
        task_id = job.task["taskArn"].rpartition("/")[2]
        for number in range(2):
            uri = f"{world.aws.endpoint_url}{task_metadata.PATH}/{task_id}-{number}"
            assert world.log(job, number) == [uri, role]
        assert world.aws.sessions == set()

    play(scenario)


def test_children_of_an_array_have_containers_of_their_own(play):
    code = "import os; raise SystemExit(int(os.environ['AWS_BATCH_JOB_ARRAY_INDEX']))"

    async def scenario(world):
        parent = world.submit_several(part("a", code), part("b", FOREVER), arrayProperties={"size": 2})
        await world.until(parent)
        assert parent.status == "FAILED"
        found = [ends(world.region.jobs[f"{parent.id}:{index}"]) for index in range(2)]
        assert found == [[0, 137], [1, 137]]
        assert all("exitCode" not in one for one in parent.containers)

    play(scenario)


def test_the_events_of_such_a_job_are_as_aws_s(play):
    async def scenario(world):
        job = world.submit_several(part("main"), part("sidecar", FOREVER, essential=False))
        await world.until(job)
        last = world.aws.events[-1]["Detail"]
        assert "container" not in last
        [task] = last["ecsProperties"]["taskProperties"]
        assert [(one["name"], one["exitCode"]) for one in task["containers"]] == [
            ("main", 0),
            ("sidecar", 137),
        ]
        assert "startedAt" not in task["containers"][0]
        json.dumps(last)

    play(scenario)
