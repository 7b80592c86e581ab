"""How jobs end: time-outs, terminations, cancellations, lost hosts, too much memory, and what they leave."""

import asyncio
import json
import os

import psutil
import pytest

from localaws.batch.calls import queues
from localaws.batch.memory.state import dump, load

# ruff: noqa: ASYNC110 - these tests wait for what processes do

IGNORES_SIGTERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('up', flush=True)
time.sleep(60)
"""

HANDLES_SIGTERM = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(75))
print('up', flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("import time; time.sleep(60)", 137),
        (IGNORES_SIGTERM, 137),
        (HANDLES_SIGTERM, 75),
    ],
    ids=["with no handler", "deaf to SIGTERM", "with a handler"],
)
def test_a_timed_out_job_fails_and_is_not_tried_again(play, code, exit_code):
    async def scenario(world):
        job = world.submit(code, timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3})
        await world.until(job)
        assert job.status == "FAILED"
        assert job.detail["statusReason"] == "Job attempt duration exceeded timeout"
        assert [attempt["container"]["exitCode"] for attempt in job.attempts] == [exit_code]

    play(scenario, scale=0.025)


def test_terminate_ends_a_running_job_for_good(play):
    async def scenario(world):
        job = world.submit("import time; time.sleep(60)", retryStrategy={"attempts": 3})
        await world.until(job, "RUNNING")
        world.engine.terminate(job, "enough")
        await world.until(job)
        assert (job.status, job.detail["statusReason"]) == ("FAILED", "enough")
        assert job.detail["isTerminated"] is True
        assert [attempt["container"]["exitCode"] for attempt in job.attempts] == [143]

    play(scenario)


def test_terminate_kills_what_does_not_listen_and_all_its_children(play):
    async def scenario(world):
        child_too = f"""
import subprocess, sys
print(subprocess.Popen([sys.executable, '-c', {IGNORES_SIGTERM!r}]).pid, flush=True)
"""
        code = child_too + IGNORES_SIGTERM
        job = await world.until(world.submit(code), "RUNNING")
        while len(world.log(job)) < 3:
            await asyncio.sleep(0.01)
        child = next(int(line) for line in world.log(job) if line.isdigit())
        world.engine.terminate(job, "enough")
        await world.until(job)
        assert job.task["exitCode"] == 137
        assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE

    play(scenario, scale=0.005)


def test_what_a_job_leaves_in_the_background_dies_with_it(play):
    async def scenario(world):
        code = """
import subprocess, sys
print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)
"""
        job = await world.until(world.submit(code))
        assert job.status == "SUCCEEDED"
        child = int(world.log(job)[0])
        assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE

    play(scenario)


def test_a_child_that_left_the_process_group_dies_with_the_job(play):
    async def scenario(world):
        code = """
import subprocess, sys, time
child = [sys.executable, '-c', 'import time; time.sleep(60)']
print(subprocess.Popen(child, start_new_session=True).pid, flush=True)
time.sleep(1)
"""
        job = await world.until(world.submit(code))
        child = int(world.log(job)[0])
        assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE

    play(scenario)


def test_cancel_does_nothing_to_a_running_job(play):
    async def scenario(world):
        job = await world.until(world.submit("import time; time.sleep(0.3)"), "RUNNING")
        world.engine.cancel(job, "too late")
        await world.until(job)
        assert job.status == "SUCCEEDED"

    play(scenario)


def test_cancelling_a_pending_job_waits_for_its_dependencies(play):
    async def scenario(world):
        first = world.submit("import time; time.sleep(0.3)")
        second = world.submit("pass", dependsOn=[{"jobId": first.id}])
        await world.until(second, "PENDING")
        world.engine.cancel(second, "changed my mind")
        assert second.status == "PENDING"
        await world.until(second)
        assert (second.status, second.detail["statusReason"]) == ("FAILED", "changed my mind")
        assert first.status == "SUCCEEDED"

    play(scenario)


def test_a_missing_image_fails_without_an_exit_code(play):
    async def scenario(world):
        job = await world.until(world.submit("pass", container={"image": "nowhere:1"}))
        assert (job.status, job.detail["statusReason"]) == ("FAILED", "Task failed to start")
        [attempt] = job.attempts
        assert "exitCode" not in attempt["container"]
        assert "startedAt" not in attempt
        assert attempt["container"]["reason"].startswith("CannotPullContainerError:")
        assert world.aws.statuses(job) == ["RUNNABLE", "STARTING", "FAILED"]

    play(scenario)


def test_a_command_that_does_not_exist_fails_to_start(play):
    async def scenario(world):
        job = await world.until(world.submit(containerOverrides={"command": ["no-such-program"]}))
        assert job.detail["statusReason"] == "Task failed to start"
        assert job.task["reason"].startswith("CannotStartContainerError:")
        assert job.task["exitCode"] == 127

    play(scenario)


def test_a_job_of_whose_overrides_amazon_ecs_takes_no_more_fails_to_start(play):
    async def scenario(world):
        done = await world.until(world.submit("pass #" + "x" * 7_000))
        assert done.status == "SUCCEEDED"
        too_long = await world.until(world.submit("pass #" + "x" * 8_192))
        assert too_long.detail["statusReason"] == "Container Overrides length must be at most 8192"
        assert "exitCode" not in too_long.task

    play(scenario)


def test_a_job_over_its_memory_is_killed(play):
    async def scenario(world):
        code = "import time; hold = bytearray(700 * 2**20); time.sleep(60)"
        job = world.submit(code, container={"resourceRequirements": _amounts("0.25", "512")})
        await world.until(job)
        assert job.task["exitCode"] == 137
        assert job.task["reason"] == "OutOfMemoryError: Container killed due to memory usage"
        assert job.detail["statusReason"] == "Essential container in task exited"

    play(scenario)


def test_a_log_group_that_does_not_exist_fails_the_task(play):
    async def scenario(world):
        world.aws.absent_groups.add("/mine")
        log = {"logDriver": "awslogs", "options": {"awslogs-group": "/mine", "awslogs-stream-prefix": "p"}}
        job = await world.until(world.submit("pass", container={"logConfiguration": log}))
        assert "log group does not exist" in job.task["reason"]
        assert "logStreamName" not in job.task
        assert "logStreamName" not in job.attempts[0]["container"]

    play(scenario)


def test_a_deleted_queue_ends_its_jobs(play):
    async def scenario(world):
        running = await world.until(world.submit("import time; time.sleep(60)"), "RUNNING")
        queues.update(world.region, {"jobQueue": "queue", "state": "DISABLED"})
        world.engine.terminate_queue(world.region, running.queue_arn)
        await world.until(running)
        assert running.detail["statusReason"] == "Job queue was deleted"

    play(scenario)


def test_after_a_restart_waiting_jobs_run_and_interrupted_ones_are_retried(play):
    async def scenario(world):
        done = await world.until(world.submit("pass"))
        code = "import os, time; time.sleep(0 if os.environ['AWS_BATCH_JOB_ATTEMPT'] == '2' else 60)"
        retried = await world.until(world.submit(code, retryStrategy={"attempts": 2}), "RUNNING")
        lost = await world.until(world.submit("import time; time.sleep(60)"), "RUNNING")
        waiting = await world.until(world.submit("pass", dependsOn=[{"jobId": retried.id}]), "PENDING")
        saved = json.loads(json.dumps(dump(world.engine.state)))
        world.engine.clear()
        await asyncio.sleep(0.1)
        world.aws.events.clear()
        load(world.engine.state, saved)
        world.region = world.engine.state.region(world.region.scope)
        world.engine.recover()
        after = {job.id: job for job in world.region.jobs.values()}
        await world.until(after[waiting.id])
        assert after[done.id].status == "SUCCEEDED"
        assert after[retried.id].status == "SUCCEEDED"
        assert "exitCode" not in after[retried.id].attempts[0]["container"]
        assert after[lost.id].status == "FAILED"
        assert after[lost.id].detail["statusReason"].startswith("Host EC2 (instance i-")
        assert after[waiting.id].status == "SUCCEEDED"
        assert world.aws.statuses(done) == []
        assert world.aws.statuses(lost) == ["FAILED"]

    play(scenario)


def test_nothing_of_a_cleared_engine_goes_on(play):
    async def scenario(world):
        job = await world.until(
            world.submit("import os, time; print(os.getpid(), flush=True); time.sleep(60)"), "RUNNING"
        )
        while not world.log(job):
            await asyncio.sleep(0.01)
        pid = int(world.log(job)[0])
        world.engine.clear()
        async with asyncio.timeout(5):
            while psutil.pid_exists(pid):
                await asyncio.sleep(0.01)
        assert world.engine.state.regions == {}
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    play(scenario)


def _amounts(vcpus, memory):
    return [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}]
