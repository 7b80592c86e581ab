"""The engine with real processes and an AWS that only listens."""

import asyncio
import json
import sys

import pytest

from tests.localaws.batch_world import JOB_ROLE


def test_a_job_goes_through_its_states_and_its_output_to_the_log(play):
    async def scenario(world):
        job = await world.until(world.submit("import sys; print('one'); print('two', file=sys.stderr)"))
        assert world.aws.statuses(job) == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
        assert job.detail["statusReason"] == "Essential container in task exited"
        assert job.task["exitCode"] == 0
        assert sorted(world.log(job)) == ["one", "two"]
        [attempt] = job.attempts
        assert attempt["container"]["logStreamName"] == job.task["logStreamName"]
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
        assert job.task["exitCode"] == 7
        assert len(job.attempts) == 2

    play(scenario)


def test_a_rule_of_evaluate_on_exit_ends_the_tries(play):
    async def scenario(world):
        rules = [{"onExitCode": "7", "action": "EXIT"}]
        strategy = {"attempts": 5, "evaluateOnExit": rules}
        job = await world.until(world.submit("raise SystemExit(7)", retryStrategy=strategy))
        assert len(job.attempts) == 1

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


def test_jobs_wait_for_the_environment_s_vcpus(play):
    async def scenario(world):
        jobs = [world.submit("import time; time.sleep(0.8)", jobName=f"job-{place}") for place in range(4)]
        await world.until(jobs[1], "RUNNING")
        assert [job.status for job in jobs[2:]] == ["RUNNABLE", "RUNNABLE"]
        for job in jobs:
            await world.until(job)
        first_end = min(job.detail["stoppedAt"] for job in jobs[:2])
        assert all(job.detail["startedAt"] >= first_end for job in jobs[2:])

    play(scenario, vcpus=2)


def test_jobs_run_in_the_order_in_which_they_came(play):
    async def scenario(world):
        jobs = [world.submit("pass", jobName=f"job-{place}") for place in range(4)]
        for job in jobs:
            await world.until(job)
        starts = [job.detail["startedAt"] for job in jobs]
        assert all(job.detail["stoppedAt"] <= start for job, start in zip(jobs, starts[1:], strict=False))

    play(scenario, vcpus=1)


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
        assert job.task["reason"].startswith(reason)
        assert action in job.task["reason"]
        world.aws.denied.clear()
        assert (await world.until(world.submit("pass", container={"image": uri}))).status == "SUCCEEDED"

    play(scenario)


def test_a_role_that_cannot_be_assumed_fails_the_task(play):
    async def scenario(world):
        world.aws.strangers.add(JOB_ROLE)
        job = await world.until(world.submit("pass", container={"jobRoleArn": JOB_ROLE}))
        assert job.detail["statusReason"].startswith("ECS was unable to assume the role")

    play(scenario)


def test_many_propagated_tags_fail_the_job(play):
    async def scenario(world):
        job = world.submit("pass", tags={f"k{n}": "v" for n in range(30)}, propagateTags=True)
        world.region.definitions["definition"][-1]["tags"] = {f"d{n}": "v" for n in range(30)}
        await world.until(job)
        assert "over 50" in job.detail["statusReason"]

    play(scenario)
