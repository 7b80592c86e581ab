"""The engine with real processes and an AWS that only listens."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from localaws.batch import queues
from localaws.batch.state import dump, load
from tests.localaws.batch_world import JOB_ROLE, World

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


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Runs a scenario with a world of its own and leaves nothing running."""

    def run(scenario: Callable[[World], Coroutine[Any, Any, None]], **options: Any) -> None:
        async def everything() -> None:
            world = World(tmp_path, **options)
            try:
                await scenario(world)
            finally:
                world.engine.clear()

        asyncio.run(everything())

    return run


def test_a_job_goes_through_its_states_and_its_output_to_the_log(play):
    async def scenario(world):
        job = await world.until(world.submit("import sys; print('one'); print('two', file=sys.stderr)"))
        assert world.aws.statuses(job) == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
        assert job.detail["statusReason"] == "Essential container in task exited"
        assert job.container["exitCode"] == 0
        assert sorted(world.log(job)) == ["one", "two"]
        [attempt] = job.attempts
        assert attempt["container"]["logStreamName"] == job.container["logStreamName"]
        assert job.detail["createdAt"] <= attempt["startedAt"] <= attempt["stoppedAt"]
        assert list(world.jobs_folder.iterdir()) == []
        assert world.aws.sessions == set()

    play(scenario)


def test_events_carry_the_job_and_its_arn_among_the_tags(play):
    async def scenario(world):
        job = await world.until(world.submit("pass", tags={"Project": "Pulse"}))
        event = world.aws.events[-1]
        assert event["Source"] == "aws.batch"
        assert event["Resources"] == [job.detail["jobArn"]]
        assert event["Detail"]["tags"] == {"resourceArn": job.detail["jobArn"], "Project": "Pulse"}
        assert "resourceArn" not in job.detail["tags"]
        assert event["Detail"]["jobQueue"].endswith(":job-queue/queue")

    play(scenario)


def test_the_process_sees_what_batch_gives_and_nothing_of_the_server(play, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")

    async def scenario(world):
        (world.workdir / "marker.txt").write_text("from the image")
        code = (
            "import json, os, sys; open('written.txt', 'w').close(); "
            "print(json.dumps([dict(os.environ), open('marker.txt').read(), sys.prefix]))"
        )
        job = world.submit(
            code,
            container={"jobRoleArn": JOB_ROLE},
            containerOverrides={"environment": [{"name": "A", "value": "1"}]},
        )
        await world.until(job)
        variables, marker, prefix = json.loads(world.log(job)[0])
        assert marker == "from the image"
        assert not (world.workdir / "written.txt").exists()
        assert prefix == sys.prefix
        assert variables["A"] == "1"
        assert variables["AWS_BATCH_JOB_ID"] == job.id
        assert variables["AWS_BATCH_JOB_ATTEMPT"] == "1"
        assert variables["AWS_BATCH_JQ_NAME"] == "queue"
        assert variables["AWS_BATCH_CE_NAME"] == "environment"
        assert variables["AWS_ACCESS_KEY_ID"] == JOB_ROLE
        assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
        assert variables["HOME"].startswith(str(world.jobs_folder))
        assert "SECRET_OF_THE_SERVER" not in variables

    play(scenario)


def test_a_job_with_no_role_gets_no_credentials(play):
    async def scenario(world):
        job = await world.until(
            world.submit("import os; print([n for n in os.environ if 'ACCESS_KEY' in n])")
        )
        assert world.log(job) == ["[]"]

    play(scenario)


def test_the_image_s_own_command_runs_when_nobody_gives_one(play):
    async def scenario(world):
        job = await world.until(world.submit())
        assert world.log(job) == ["from the image"]

    play(scenario)


def test_arguments_never_meet_a_shell(play):
    async def scenario(world):
        hostile = "$(touch owned); `touch owned` && touch owned"
        command = ["python", "-c", "import os, sys; print(sys.argv[1], os.listdir())", hostile]
        job = await world.until(world.submit(containerOverrides={"command": command}))
        assert world.log(job) == [f"{hostile} []"]

    play(scenario)


def test_a_failed_attempt_is_tried_again_until_one_succeeds(play):
    async def scenario(world):
        code = "import os, sys; sys.exit(0 if os.environ['AWS_BATCH_JOB_ATTEMPT'] == '2' else 9)"
        job = await world.until(world.submit(code, retryStrategy={"attempts": 3}))
        assert job.status == "SUCCEEDED"
        assert [attempt["container"]["exitCode"] for attempt in job.attempts] == [9, 0]
        assert world.aws.statuses(job) == [*["RUNNABLE", "STARTING", "RUNNING"] * 2, "SUCCEEDED"]

    play(scenario)


def test_a_job_fails_after_its_last_attempt(play):
    async def scenario(world):
        job = await world.until(world.submit("raise SystemExit(7)", retryStrategy={"attempts": 2}))
        assert job.status == "FAILED"
        assert job.container["exitCode"] == 7
        assert len(job.attempts) == 2

    play(scenario)


def test_a_rule_of_evaluate_on_exit_ends_the_tries(play):
    async def scenario(world):
        rules = [{"onExitCode": "7", "action": "EXIT"}]
        strategy = {"attempts": 5, "evaluateOnExit": rules}
        job = await world.until(world.submit("raise SystemExit(7)", retryStrategy=strategy))
        assert len(job.attempts) == 1

    play(scenario)


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
        assert job.container["exitCode"] == 137
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


def test_a_dependant_waits_and_then_runs(play):
    async def scenario(world):
        first = world.submit("import time; time.sleep(0.2)")
        second = world.submit("pass", dependsOn=[{"jobId": first.id}])
        await world.until(second)
        assert world.aws.statuses(second) == ["PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
        assert second.detail["startedAt"] >= first.detail["stoppedAt"]

    play(scenario)


def test_a_failed_dependency_fails_the_dependant(play):
    async def scenario(world):
        first = world.submit("raise SystemExit(1)")
        second = world.submit("pass", dependsOn=[{"jobId": first.id}])
        third = world.submit("pass", dependsOn=[{"jobId": second.id}])
        await world.until(third)
        assert [job.detail["statusReason"] for job in (second, third)] == ["Dependent Job failed"] * 2
        assert second.attempts == []

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
        assert job.container["reason"].startswith("CannotStartContainerError:")
        assert job.container["exitCode"] == 127

    play(scenario)


def test_a_job_over_its_memory_is_killed(play):
    async def scenario(world):
        code = "import time; hold = bytearray(700 * 2**20); time.sleep(60)"
        job = world.submit(code, container={"resourceRequirements": _amounts("0.25", "512")})
        await world.until(job)
        assert job.container["exitCode"] == 137
        assert job.container["reason"] == "OutOfMemoryError: Container killed due to memory usage"
        assert job.detail["statusReason"] == "Essential container in task exited"

    play(scenario)


def test_jobs_wait_in_order_for_the_environment_s_vcpus(play):
    async def scenario(world):
        jobs = [world.submit("import time; time.sleep(0.8)", jobName=f"job-{place}") for place in range(4)]
        await world.until(jobs[1], "RUNNING")
        assert [job.status for job in jobs[2:]] == ["RUNNABLE", "RUNNABLE"]
        for job in jobs:
            await world.until(job)
        first_end = min(job.detail["stoppedAt"] for job in jobs[:2])
        assert all(job.detail["startedAt"] >= first_end for job in jobs[2:])
        assert jobs[2].detail["startedAt"] <= jobs[3].detail["startedAt"]

    play(scenario, vcpus=2)


@pytest.mark.parametrize("state", ["DISABLED"])
def test_a_disabled_environment_starts_nothing_until_it_is_enabled(play, state):
    async def scenario(world):
        world.region.environments["environment"]["state"] = state
        job = await world.until(world.submit("pass"), "RUNNABLE")
        await asyncio.sleep(0.1)
        assert job.status == "RUNNABLE"
        world.region.environments["environment"]["state"] = "ENABLED"
        world.engine.wake()
        assert (await world.until(job)).status == "SUCCEEDED"

    play(scenario)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("ecr:GetAuthorizationToken", "CannotPullContainerError: AccessDenied"),
        ("ecr:BatchGetImage", "CannotPullContainerError: AccessDenied"),
        ("ecr:GetDownloadUrlForLayer", "CannotPullContainerError: AccessDenied"),
        ("ecr:BatchCheckLayerAvailability", "CannotPullContainerError: AccessDenied"),
        ("logs:CreateLogStream", "ResourceInitializationError: "),
        ("logs:PutLogEvents", "ResourceInitializationError: "),
    ],
)
def test_the_execution_role_needs_each_permission(play, action, reason):
    async def scenario(world):
        uri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/repository:tag"
        world.images[uri] = world.images["image"]
        world.aws.denied.add(action)
        job = await world.until(world.submit("pass", container={"image": uri}))
        assert job.status == "FAILED"
        assert job.container["reason"].startswith(reason)
        assert action in job.container["reason"]
        world.aws.denied.clear()
        assert (await world.until(world.submit("pass", container={"image": uri}))).status == "SUCCEEDED"

    play(scenario)


def test_a_role_that_cannot_be_assumed_fails_the_task(play):
    async def scenario(world):
        world.aws.strangers.add(JOB_ROLE)
        job = await world.until(world.submit("pass", container={"jobRoleArn": JOB_ROLE}))
        assert job.detail["statusReason"].startswith("ECS was unable to assume the role")

    play(scenario)


def test_a_log_group_that_does_not_exist_fails_the_task(play):
    async def scenario(world):
        world.aws.absent_groups.add("/mine")
        log = {"logDriver": "awslogs", "options": {"awslogs-group": "/mine", "awslogs-stream-prefix": "p"}}
        job = await world.until(world.submit("pass", container={"logConfiguration": log}))
        assert "log group does not exist" in job.container["reason"]
        assert job.container["logStreamName"].startswith("p/default/")

    play(scenario)


def test_a_deleted_queue_ends_its_jobs(play):
    async def scenario(world):
        running = await world.until(world.submit("import time; time.sleep(60)"), "RUNNING")
        queues.update(world.region, {"jobQueue": "queue", "state": "DISABLED"})
        world.engine.terminate_queue(world.region, running.queue_arn)
        await world.until(running)
        assert running.detail["statusReason"] == "Job queue was deleted"

    play(scenario)


def test_many_propagated_tags_fail_the_job(play):
    async def scenario(world):
        job = world.submit("pass", tags={f"k{n}": "v" for n in range(30)}, propagateTags=True)
        world.region.definitions["definition"][-1]["tags"] = {f"d{n}": "v" for n in range(30)}
        await world.until(job)
        assert "over 50" in job.detail["statusReason"]

    play(scenario)


INDEX = "import os; print(os.environ['AWS_BATCH_JOB_ARRAY_INDEX'])"


def test_an_array_runs_each_index_and_succeeds_with_all(play):
    async def scenario(world):
        parent = await world.until(world.submit(INDEX, arrayProperties={"size": 3}))
        assert world.aws.statuses(parent) == ["PENDING", "SUCCEEDED"]
        found = [world.region.jobs[f"{parent.id}:{index}"] for index in range(3)]
        assert [world.log(child) for child in found] == [["0"], ["1"], ["2"]]
        assert world.aws.statuses(found[1]) == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
        assert world.aws.events[-1]["Detail"]["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 3
        assert (parent.attempts, parent.unfinished) == ([], 0)

    play(scenario)


def test_one_failed_child_fails_the_parent_after_all_have_ended(play):
    async def scenario(world):
        code = "import os, sys; sys.exit(os.environ['AWS_BATCH_JOB_ARRAY_INDEX'] == '0')"
        parent = await world.until(world.submit(code, arrayProperties={"size": 3}))
        assert (parent.status, parent.detail["statusReason"]) == ("FAILED", "Array Child Job failed")
        found = [world.region.jobs[f"{parent.id}:{index}"].status for index in range(3)]
        assert found == ["FAILED", "SUCCEEDED", "SUCCEEDED"]

    play(scenario)


def test_sequential_children_run_one_after_the_other(play):
    async def scenario(world):
        members = {"arrayProperties": {"size": 3}, "dependsOn": [{"type": "SEQUENTIAL"}]}
        parent = await world.until(world.submit("pass", **members))
        found = [world.region.jobs[f"{parent.id}:{index}"].detail for index in range(3)]
        assert (
            found[0]["stoppedAt"] <= found[1]["startedAt"] <= found[1]["stoppedAt"] <= found[2]["startedAt"]
        )

    play(scenario)


def test_n_to_n_children_wait_for_their_own_number(play):
    async def scenario(world):
        code = "import os, sys; sys.exit(os.environ['AWS_BATCH_JOB_ARRAY_INDEX'] == '1')"
        first = world.submit(code, arrayProperties={"size": 2})
        second = world.submit(
            "pass", arrayProperties={"size": 2}, dependsOn=[{"type": "N_TO_N", "jobId": first.id}]
        )
        await world.until(second)
        found = [world.region.jobs[f"{second.id}:{index}"] for index in range(2)]
        assert [child.status for child in found] == ["SUCCEEDED", "FAILED"]
        assert found[1].detail["statusReason"] == "Dependent Job failed"

    play(scenario)


def test_terminating_a_parent_ends_its_children(play):
    async def scenario(world):
        parent = world.submit("import time; time.sleep(60)", arrayProperties={"size": 3})
        while f"{parent.id}:0" not in world.region.jobs:
            await asyncio.sleep(0.01)
        await world.until(world.region.jobs[f"{parent.id}:0"], "RUNNING")
        world.engine.terminate(parent, "enough")
        await world.until(parent)
        assert (parent.status, parent.detail["statusReason"]) == ("FAILED", "enough")
        assert {world.region.jobs[f"{parent.id}:{index}"].detail["statusReason"] for index in range(3)} == {
            "enough"
        }

    play(scenario, vcpus=2)


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
