"""Answers that clients of AWS Batch rely on: to unknown jobs, words in any case, dependencies, instance types
and service roles.
"""

import asyncio
import json

import pytest

from localaws.batch.border import api
from localaws.batch.calls import environments
from localaws.batch.model import Call
from localaws.batch.scheduling import blocked
from tests.localaws.batch_world import SCOPE, definition, environment
from tests.localaws.test_batch_hosts import spot

ROLE = "arn:aws:iam::000000000000:role/batch-service"
LATER = "import time; time.sleep(0.3)"


def call(world, path, **members):
    status, _, body = api.handle(
        world.engine, SCOPE, Call("POST", f"/v1/{path}", {}, json.dumps(members).encode())
    )
    return status, json.loads(body)


def described(world, name="environment"):
    return call(world, "describecomputeenvironments", computeEnvironments=[name])[1]["computeEnvironments"][0]


@pytest.mark.parametrize("operation", ["terminatejob", "canceljob"])
@pytest.mark.parametrize("job", ["nobody", "1a2b3c4d-0000-4000-8000-000000000000:3"])
def test_ending_an_unknown_job_is_answered_as_done(play, operation, job):
    async def scenario(world):
        assert call(world, operation, jobId=job, reason="enough") == (200, {})
        assert call(world, operation, jobId=job)[0] == 400

    play(scenario)


@pytest.mark.parametrize("action", ["RETRY", "retry", "Exit"])
def test_actions_of_evaluate_on_exit_are_answered_in_lower_case(play, action):
    async def scenario(world):
        strategy = {"attempts": 2, "evaluateOnExit": [{"action": action, "onExitCode": "75"}]}
        registered = {**definition("kept"), "retryStrategy": strategy}
        assert call(world, "registerjobdefinition", **registered)[0] == 200
        _, answer = call(world, "describejobdefinitions", jobDefinitionName="kept")
        expected = {"attempts": 2, "evaluateOnExit": [{"action": action.lower(), "onExitCode": "75"}]}
        assert answer["jobDefinitions"][0]["retryStrategy"] == expected
        submission = {"jobName": "job", "jobQueue": "queue", "jobDefinition": "kept"}
        for members in ({}, {"retryStrategy": strategy}):
            _, job = call(world, "submitjob", **submission, **members)
            found = call(world, "describejobs", jobs=[job["jobId"]])[1]["jobs"][0]
            assert found["retryStrategy"] == expected
            told = world.aws.events[-1]["Detail"] if world.aws.events else found
            assert told["retryStrategy"] == expected
        refused = {**registered, "retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "AGAIN"}]}}
        assert "found 'AGAIN'" in call(world, "registerjobdefinition", **refused)[1]["message"]

    play(scenario)


def test_a_sequential_dependency_may_name_the_job_to_wait_for(play):
    async def scenario(world):
        first = world.submit(LATER)
        after = world.submit("pass", dependsOn=[{"jobId": first.id, "type": "SEQUENTIAL"}])
        await world.until(after)
        assert after.status == "SUCCEEDED"
        assert after.detail["startedAt"] >= first.detail["stoppedAt"]
        assert after.detail["dependsOn"] == [{"jobId": first.id, "type": "SEQUENTIAL"}]
        broken = world.submit("raise SystemExit(1)")
        never = await world.until(
            world.submit("pass", dependsOn=[{"jobId": broken.id, "type": "SEQUENTIAL"}])
        )
        assert never.detail["statusReason"] == "Dependent Job failed"

    play(scenario)


def test_a_sequential_array_may_wait_for_another_job_first(play):
    async def scenario(world):
        first = world.submit(LATER)
        array = world.submit(
            "pass",
            arrayProperties={"size": 3},
            dependsOn=[{"jobId": first.id, "type": "SEQUENTIAL"}],
        )
        await world.until(array)
        children = [world.region.jobs[f"{array.id}:{index}"].detail for index in range(3)]
        times = [first.detail["stoppedAt"]]
        for child in children:
            times += [child["startedAt"], child["stoppedAt"]]
        assert times == sorted(times)

    play(scenario)


@pytest.mark.parametrize("name", ["m5.enormous", "banana", "t3.micro", "mac2"])
def test_an_unknown_instance_type_is_refused_with_those_that_are_known(play, name):
    async def scenario(world):
        status, answer = call(world, "createcomputeenvironment", **spot("spot", "m5", name))
        assert status == 400
        start = "Error executing request, Exception : Instance type can only be one of ["
        assert answer["message"].startswith(start)
        known = answer["message"].removeprefix(start).rstrip("]").split(", ")
        assert {"optimal", "m5", "m5.large", "g5.xlarge"} <= set(known)
        assert name not in known
        assert call(world, "createcomputeenvironment", **spot("spot", "m5"))[0] == 200
        changed = {"computeEnvironment": "spot", "computeResources": {"instanceTypes": [name]}}
        assert call(world, "updatecomputeenvironment", **changed)[0] == 400

    play(scenario)


def test_every_kind_of_name_that_aws_documents_is_taken(play):
    async def scenario(world):
        for place, name in enumerate(("optimal", "default_x86_64", "default_arm64", "c7g", "p5.48xlarge")):
            assert call(world, "createcomputeenvironment", **spot(f"spot{place}", name))[0] == 200

    play(scenario)


@pytest.mark.parametrize("role", [ROLE, "batch-service"])
def test_an_environment_whose_role_cannot_be_assumed_is_invalid_until_it_can(play, role):
    async def scenario(world):
        world.aws.strangers.add(ROLE)
        members = {**environment("ours"), "serviceRole": role}
        assert call(world, "createcomputeenvironment", **members)[0] == 200
        found = described(world, "ours")
        assert found["status"] == "INVALID"
        assert found["statusReason"].startswith(
            "CLIENT_ERROR - User: batch.amazonaws.com is not authorized to perform: sts:AssumeRole on "
            f"resource: {ROLE} (Service: AWSSecurityTokenService; Status Code: 403; Error Code: "
        )
        assert described(world, "ours")["statusReason"] == found["statusReason"]
        world.aws.strangers.clear()
        assert described(world, "ours")["status"] == "VALID"
        assert described(world, "ours")["statusReason"] == "ComputeEnvironment Healthy"

    play(scenario)


def test_jobs_wait_for_an_invalid_environment_and_say_so(play):
    async def scenario(world):
        world.aws.strangers.add(ROLE)
        changed = {"computeEnvironment": "environment", "serviceRole": ROLE}
        call(world, "updatecomputeenvironment", **changed)
        job = await world.until(world.submit("pass"), "RUNNABLE")
        while not job.blocked:
            world.engine.wake()
            await asyncio.sleep(0.01)
        assert job.blocked == "ACTION_REQUIRED"
        assert blocked.REASONS["ACTION_REQUIRED"] in job.detail["statusReason"]
        world.aws.strangers.clear()
        call(world, "updatecomputeenvironment", computeEnvironment="environment", state="ENABLED")
        assert (await world.until(job)).status == "SUCCEEDED"

    play(scenario)


def test_the_service_linked_role_needs_nobody_to_have_made_it(play):
    async def scenario(world):
        environments.judge(world.region, lambda _role: False)
        assert described(world)["status"] == "VALID"

    play(scenario)
