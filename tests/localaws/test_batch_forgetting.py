"""Finished jobs are forgotten after a week, whole arrays at once, and nothing of them stays."""

from dataclasses import replace

from localaws.batch.memory.state import State, dump, load
from localaws.batch.scheduling import arrays, lifecycle
from tests.localaws.batch_world import SCOPE, region_with_queue, waiting

DAY_MS = 24 * 3600 * 1000


def finished(region, name, at_ms, **members):
    job = waiting(region, name, **members)
    lifecycle.finish(job, "SUCCEEDED", "", at_ms)
    return job


def test_jobs_are_forgotten_in_the_order_of_their_end_and_unfinished_ones_never():
    region = region_with_queue()
    finished(region, "late", 9 * DAY_MS)
    finished(region, "early", 1 * DAY_MS)
    waiting(region, "waits")
    region.jobs.forget(1 * DAY_MS)
    assert set(region.jobs) == {"late", "early", "waits"}
    region.jobs.forget(2 * DAY_MS)
    assert set(region.jobs) == {"late", "waits"}
    queue = region.queues["queue"]["jobQueueArn"]
    assert region.jobs.named(queue, "early") == []
    assert [job.id for job in region.jobs.in_status(queue, "SUCCEEDED")] == ["late"]
    region.jobs.forget(10 * DAY_MS)
    assert set(region.jobs) == {"waits"}


def test_children_of_an_array_go_with_their_parent():
    region = region_with_queue()
    parent = waiting(region, "array")
    parent.detail["arrayProperties"] = {"size": 3}
    parent.status = "PENDING"
    for place, child in enumerate(arrays.spawn(region, parent, 0)):
        lifecycle.finish(child, "SUCCEEDED", "", place * DAY_MS)
        arrays.after(region, child, 9 * DAY_MS)
    region.jobs.forget(8 * DAY_MS)
    assert len(region.jobs) == 4
    assert region.jobs.summary("array")["SUCCEEDED"] == 3
    region.jobs.forget(10 * DAY_MS)
    assert len(region.jobs) == 0
    assert (region.jobs.children("array"), region.jobs.summary("array")) == ([], {})


def test_a_job_that_waited_for_another_is_forgotten_too():
    region = region_with_queue()
    finished(region, "first", 2 * DAY_MS)
    finished(region, "second", 1 * DAY_MS, dependsOn=[{"jobId": "first"}])
    region.jobs.forget(1 * DAY_MS + 1)
    assert region.jobs.dependants("first") == []
    region.jobs.forget(3 * DAY_MS)
    assert len(region.jobs) == 0


def test_what_was_loaded_is_forgotten_as_well():
    state = State()
    region = region_with_queue(state)
    finished(region, "late", 9 * DAY_MS)
    finished(region, "early", 1 * DAY_MS)
    load(state, dump(state))
    jobs = state.region(SCOPE).jobs
    jobs.forget(2 * DAY_MS)
    assert set(jobs) == {"late"}


def test_the_engine_forgets_after_seven_days_and_not_before(play):
    async def scenario(world):
        job = await world.until(world.submit("pass"))
        now_ms = job.detail["stoppedAt"] + 7 * DAY_MS
        world.engine.settings = replace(world.engine.settings, now_ms=lambda: now_ms)
        world.engine._look()
        assert job.id in world.region.jobs
        now_ms += 1
        world.engine._look()
        assert job.id not in world.region.jobs

    play(scenario)
