"""Array jobs with real processes: what each index does, how the parent ends, what waits for what."""

import asyncio
import json

import pytest

from localaws.batch.errors import ClientException
from localaws.batch.memory.state import dump, load

# ruff: noqa: ASYNC110 - these tests wait for what processes do

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


def children(world, parent):
    return list(world.region.jobs.children(parent.id))


def test_a_child_knows_its_index_the_size_and_its_own_id(play):
    async def scenario(world):
        names = ("INDEX", "SIZE")
        code = (
            "import os; print(os.environ['AWS_BATCH_JOB_ID'], os.environ['AWS_BATCH_JOB_ATTEMPT'], "
            f"*[os.environ['AWS_BATCH_JOB_ARRAY_' + name] for name in {names}])"
        )
        parent = await world.until(world.submit(code, arrayProperties={"size": 2}))
        lines = [world.log(child) for child in children(world, parent)]
        assert lines == [[f"{parent.id}:0 1 0 2"], [f"{parent.id}:1 1 1 2"]]
        alone = await world.until(world.submit("import os; print('AWS_BATCH_JOB_ARRAY_SIZE' in os.environ)"))
        assert world.log(alone) == ["False"]

    play(scenario)


def test_a_parent_is_only_ever_pending_and_then_ended_and_its_events_count_its_children(play):
    async def scenario(world):
        code = "import os, sys; sys.exit(os.environ['AWS_BATCH_JOB_ARRAY_INDEX'] == '1')"
        parent = await world.until(world.submit(code, arrayProperties={"size": 4}))
        mine = [event["Detail"] for event in world.aws.events if event["Detail"]["jobId"] == parent.id]
        assert [detail["status"] for detail in mine] == ["PENDING", "FAILED"]
        summaries = [detail["arrayProperties"]["statusSummary"] for detail in mine]
        assert [sum(summary.values()) for summary in summaries] == [4, 4]
        assert (summaries[1]["SUCCEEDED"], summaries[1]["FAILED"]) == (3, 1)
        assert mine[1]["arrayProperties"]["size"] == 4
        assert "exitCode" not in mine[1]["container"]
        child = next(event["Detail"] for event in world.aws.events if event["Detail"]["jobId"].endswith(":1"))
        assert child["arrayProperties"] == {"index": 1}

    play(scenario)


def test_a_child_that_failed_is_retried_by_itself(play):
    async def scenario(world):
        code = (
            "import os, sys; child, attempt = (os.environ[f'AWS_BATCH_JOB_{name}'] for name in "
            "('ARRAY_INDEX', 'ATTEMPT')); sys.exit(child == '1' and attempt == '1')"
        )
        members = {"arrayProperties": {"size": 3}, "retryStrategy": {"attempts": 2}}
        parent = await world.until(world.submit(code, **members))
        assert parent.status == "SUCCEEDED"
        assert [len(child.attempts) for child in children(world, parent)] == [1, 2, 1]

    play(scenario)


def test_what_depends_on_a_parent_waits_for_all_its_children(play):
    async def scenario(world):
        code = "import os, time; time.sleep(0.3 * int(os.environ['AWS_BATCH_JOB_ARRAY_INDEX']))"
        parent = world.submit(code, arrayProperties={"size": 3})
        merge = await world.until(world.submit("pass", dependsOn=[{"jobId": parent.id}]))
        last = max(child.detail["stoppedAt"] for child in children(world, parent))
        assert merge.detail["startedAt"] >= last
        assert merge.status == "SUCCEEDED"

    play(scenario)


def test_a_job_may_depend_on_one_child_even_before_there_are_any(play):
    async def scenario(world):
        first = world.submit("import time; time.sleep(0.2)")
        code = "import os, sys; sys.exit(os.environ['AWS_BATCH_JOB_ARRAY_INDEX'] == '0')"
        parent = world.submit(code, arrayProperties={"size": 2}, dependsOn=[{"jobId": first.id}])
        after = [world.submit("pass", dependsOn=[{"jobId": f"{parent.id}:{index}"}]) for index in (0, 1)]
        for job in after:
            await world.until(job)
        assert [job.status for job in after] == ["FAILED", "SUCCEEDED"]
        with pytest.raises(ClientException, match=":2 that the job depends on does not exist"):
            world.submit("pass", dependsOn=[{"jobId": f"{parent.id}:2"}])

    play(scenario)


def test_nobody_waits_forever_for_an_array_that_never_ran(play):
    async def scenario(world):
        broken = world.submit("raise SystemExit(1)")
        members = {"arrayProperties": {"size": 2}}
        never = world.submit("pass", **members, dependsOn=[{"jobId": broken.id}])
        after = world.submit("pass", **members, dependsOn=[{"jobId": never.id, "type": "N_TO_N"}])
        await world.until(after)
        assert never.detail["statusReason"] == "Dependent Job failed"
        assert [child.detail["statusReason"] for child in children(world, after)] == [
            "Dependent Job failed"
        ] * 2

    play(scenario)


def test_a_sequence_stops_at_the_index_that_fails(play):
    async def scenario(world):
        code = "import os, sys; sys.exit(os.environ['AWS_BATCH_JOB_ARRAY_INDEX'] == '1')"
        members = {"arrayProperties": {"size": 4}, "dependsOn": [{"type": "SEQUENTIAL"}]}
        parent = await world.until(world.submit(code, **members))
        found = children(world, parent)
        assert [child.status for child in found] == ["SUCCEEDED", "FAILED", "FAILED", "FAILED"]
        assert [len(child.attempts) for child in found] == [1, 1, 0, 0]

    play(scenario)


def test_cancelling_a_parent_spares_the_children_that_run(play):
    async def scenario(world):
        parent = world.submit("import time; time.sleep(0.5)", arrayProperties={"size": 3})
        while not children(world, parent):
            await asyncio.sleep(0.01)
        await world.until(children(world, parent)[0], "RUNNING")
        world.engine.cancel(parent, "changed my mind")
        assert parent.status == "PENDING"
        await world.until(parent)
        found = children(world, parent)
        assert [child.status for child in found] == ["SUCCEEDED", "FAILED", "FAILED"]
        assert (parent.status, parent.detail["statusReason"]) == ("FAILED", "changed my mind")
        assert parent.detail["isCancelled"] is True

    play(scenario, vcpus=1)


def test_an_array_goes_on_after_a_restart(play):
    async def scenario(world):
        restarted = world.workdir.parent / "restarted"
        code = f"import os, time; time.sleep(0 if os.path.exists({str(restarted)!r}) else 60)"
        parent = world.submit(code, arrayProperties={"size": 3}, retryStrategy={"attempts": 2})
        while not children(world, parent):
            await asyncio.sleep(0.01)
        await world.until(children(world, parent)[0], "RUNNING")
        saved = json.loads(json.dumps(dump(world.engine.state)))
        world.engine.clear()
        restarted.touch()
        load(world.engine.state, saved)
        world.region = world.engine.state.region(world.region.scope)
        world.engine.recover()
        after = await world.until(world.region.jobs[parent.id])
        assert after.status == "SUCCEEDED"
        assert world.region.jobs.summary(parent.id)["SUCCEEDED"] == 3
        assert [len(child.attempts) for child in children(world, after)] == [2, 1, 1]

    play(scenario, vcpus=1)
