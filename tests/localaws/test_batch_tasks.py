"""Jobs as Amazon ECS tasks: what their environment says, and what the task metadata endpoint answers."""

import json

import pytest

from localaws.asgi import Request
from localaws.batch.ecs import clusters, task_metadata, tasks
from tests.localaws.test_batch_hosts import on_instances, submit

SLEEPS = "import time; time.sleep(60)"
SHOWS = (
    "import os; print(os.environ['AWS_EXECUTION_ENV']); print(os.environ['ECS_CONTAINER_METADATA_URI_V4'])"
)


def ask(world, job, about=""):
    task_id = job.task["taskArn"].rpartition("/")[2]
    response = task_metadata.answer(
        world.engine.state, Request("GET", f"{task_metadata.PATH}/{task_id}-0{about}", {}, b"")
    )
    return response.status, json.loads(response.body)


def test_a_job_on_fargate_knows_its_execution_environment_and_its_metadata_address(play):
    async def scenario(world):
        job = await world.until(world.submit(SHOWS))
        task_id = job.task["taskArn"].rpartition("/")[2]
        assert world.log(job) == ["AWS_ECS_FARGATE", f"http://127.0.0.1:1/_localaws/v4/{task_id}-0"]
        assert ask(world, job)[0] == 404

    play(scenario)


def test_a_job_on_an_instance_knows_that_it_runs_on_ec2(play):
    async def scenario(world):
        on_instances(world.region, "m5")
        job = await world.until(submit(world, SHOWS))
        [lines] = [lines for place, lines in world.aws.lines.items() if "/default/" in place]
        assert lines[0] == "AWS_ECS_EC2"
        assert job.status == "SUCCEEDED"

    play(scenario)


def test_an_environment_of_the_definition_cannot_claim_another_task(play):
    async def scenario(world):
        theirs = [{"name": "ECS_CONTAINER_METADATA_URI_V4", "value": "http://elsewhere"}]
        job = await world.until(world.submit(SHOWS, containerOverrides={"environment": theirs}))
        assert "elsewhere" not in "".join(world.log(job))

    play(scenario)


def test_the_metadata_of_a_container_and_its_task_say_what_batch_says(play):
    async def scenario(world):
        job = await world.until(world.submit(SLEEPS), "RUNNING")
        cluster = world.region.environments["environment"]["ecsClusterArn"]
        status, container = ask(world, job)
        assert status == 200
        assert container["Name"] == "default"
        assert container["Image"] == "image"
        assert container["Labels"]["com.amazonaws.ecs.task-arn"] == job.task["taskArn"]
        assert container["Labels"]["com.amazonaws.ecs.cluster"] == cluster
        assert container["LogOptions"]["awslogs-stream"] == job.task["logStreamName"]
        assert container["Limits"] == {"CPU": 1024, "Memory": 2048}
        status, task = ask(world, job, "/task")
        assert (status, task["LaunchType"], task["KnownStatus"]) == (200, "FARGATE", "RUNNING")
        assert task["TaskARN"] == job.task["taskArn"]
        assert task["Containers"] == [container]
        assert ask(world, job, "/taskWithTags")[1] == task
        assert ask(world, job, "/stats")[0] == 404

    play(scenario)


def test_a_child_of_an_array_has_a_task_of_its_own(play):
    async def scenario(world):
        parent = world.submit(SLEEPS, arrayProperties={"size": 2})
        await world.until(parent, "PENDING")
        children = [world.region.jobs[f"{parent.id}:{index}"] for index in range(2)]
        for child in children:
            await world.until(child, "RUNNING")
        assert len({ask(world, child, "/task")[1]["TaskARN"] for child in children}) == 2

    play(scenario)


def test_a_cluster_counts_its_instances_and_tasks_while_they_run(play):
    async def scenario(world):
        environment = on_instances(world.region, "m5")
        cluster = environment["ecsClusterArn"]
        job = await world.until(submit(world, SLEEPS), "RUNNING")
        told = clusters.describe(world.region, cluster)
        assert (told["registeredContainerInstancesCount"], told["runningTasksCount"]) == (1, 1)
        [task] = tasks.describe(world.region, cluster, [job.task["taskArn"]])["tasks"]
        assert task["containerInstanceArn"] == job.task["containerInstanceArn"]
        assert (task["lastStatus"], task["launchType"], task["cpu"]) == ("RUNNING", "EC2", "1024")
        assert task["createdAt"] <= task["startedAt"] == job.detail["startedAt"] / 1000
        world.engine.terminate(job, "enough")
        await world.until(job)
        told = clusters.describe(world.region, cluster)
        assert (told["registeredContainerInstancesCount"], told["runningTasksCount"]) == (0, 0)
        missing = tasks.describe(world.region, cluster, [job.task["taskArn"]])
        assert missing == {
            "tasks": [],
            "failures": [{"arn": job.task["taskArn"], "reason": "MISSING"}],
        }

    play(scenario)


@pytest.mark.parametrize(
    ("request_members", "listed"),
    [
        ({}, True),
        ({"desiredStatus": "STOPPED"}, False),
        ({"launchType": "EC2"}, False),
        ({"family": "definition_1"}, True),
        ({"family": "definition"}, False),
        ({"containerInstance": "0123"}, False),
    ],
)
def test_tasks_are_listed_as_they_are_asked_for(play, request_members, listed):
    async def scenario(world):
        job = await world.until(world.submit(SLEEPS), "RUNNING")
        cluster = world.region.environments["environment"]["ecsClusterArn"]
        found = tasks.listing(world.region, cluster, request_members)["taskArns"]
        assert found == ([job.task["taskArn"]] if listed else [])

    play(scenario)
