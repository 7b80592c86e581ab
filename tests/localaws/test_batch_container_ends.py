"""Jobs of several containers: what ends them, and what becomes of the others."""

import pytest

from localaws.batch.running.faults import Faults, Rule
from tests.localaws.batch_containers import (
    FOREVER,
    MOUNTED,
    PATIENT,
    READY,
    VOLUME,
    WAITS,
    after,
    ends,
    part,
)


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
