"""Jobs of several containers as AWS Batch, Amazon ECS and the containers themselves see them."""

import json

from localaws.batch.calls import definitions
from localaws.batch.ecs import task_metadata, tasks
from localaws.batch.engine import Engine
from localaws.batch.memory.state import State, dump, load
from tests.localaws.batch_containers import EXECUTION_ROLE, FOREVER, after, ends, part, several
from tests.localaws.test_batch_hosts import on_instances
from tests.localaws.test_batch_tasks import ask


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
        assert world.aws.statuses(job) == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
        assert last["startedAt"] <= last["stoppedAt"]
        assert "container" not in last
        [task] = last["ecsProperties"]["taskProperties"]
        assert [(one["name"], one["exitCode"]) for one in task["containers"]] == [
            ("main", 0),
            ("sidecar", 137),
        ]
        assert "startedAt" not in task["containers"][0]
        json.dumps(last)

    play(scenario)


def test_a_restart_has_lost_the_host_of_all_containers_and_keeps_what_had_ended(play):
    async def scenario(world):
        job = world.submit_several(
            part("main", FOREVER), part("ended", "raise SystemExit(4)", essential=False)
        )
        await world.when(lambda: job.status == "RUNNING" and "stoppedAt" in job.containers[1])
        again = Engine(State(), world.aws, world.engine.settings)
        load(again.state, json.loads(json.dumps(dump(world.engine.state))))
        again.recover()
        lost = again.state.region(job.scope).jobs[job.id]
        assert lost.status == "FAILED"
        assert lost.detail["statusReason"].startswith("Host EC2 (instance i-")
        assert ends(lost) == [None, 4]

    play(scenario)


def test_on_an_instance_the_task_names_the_instance_and_ends_with_it(play):
    async def scenario(world):
        on_instances(world.region, "m5")
        document = several(part("main", vcpus="1"), part("other", FOREVER, vcpus="1", essential=False))
        definitions.register(world.region, {**document, "platformCapabilities": ["EC2"]})
        request = {"jobName": "job", "jobQueue": "instances", "jobDefinition": "definition"}
        job = await world.until(world.engine.submit(world.region, request))
        [host] = world.region.hosts
        assert (job.status, ends(job)) == ("SUCCEEDED", [0, 137])
        [task] = job.attempts[0]["taskProperties"]
        assert task["containerInstanceArn"] == host.container_instance_arn
        assert host.terminated_ms is not None

    play(scenario)
