"""Jobs of several containers: who starts when, and the volumes they share."""

import pytest

from tests.localaws.batch_containers import FOREVER, MOUNT, MOUNTED, SHARED, VOLUME, after, ends, part


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


def test_a_job_runs_though_the_last_of_its_containers_cannot_start(play):
    async def scenario(world):
        amounts = {"vcpus": "0.25", "memory": "512"}
        broken = part("broken", essential=False, dependsOn=after("before", "COMPLETE"), **amounts)
        job = world.submit_several(
            part("main", FOREVER),
            part("before", essential=False, **amounts),
            {**broken, "command": ["no-such-command"]},
        )
        await world.until(job, "RUNNING")

    play(scenario)


def test_an_attempt_knows_nothing_of_the_ends_of_the_one_before(play):
    fails_once = "import os; raise SystemExit(os.environ['AWS_BATCH_JOB_ATTEMPT'] == '1')"

    async def scenario(world):
        job = world.submit_several(
            part("before", fails_once, essential=False),
            part("main", dependsOn=after("before", "SUCCESS")),
            retryStrategy={"attempts": 2},
        )
        await world.until(job)
        assert (job.status, ends(job)) == ("SUCCEEDED", [0, 0])
        first, second = (one["taskProperties"][0]["containers"] for one in job.attempts)
        assert (first[0]["exitCode"], "exitCode" in first[1]) == (1, False)
        assert "reason" in first[1]
        assert "reason" not in second[1]
        assert "reason" not in job.containers[1]

    play(scenario)
