"""The order in which a task starts and stops its containers, with processes that only pretend to run."""

import asyncio
from dataclasses import dataclass

from localaws.batch.running.processes import Bounds, Ending
from localaws.batch.running.task import Container, Task
from tests.localaws.batch_containers import after, part
from tests.localaws.batch_world import region_with_queue, waiting


@dataclass
class Pretended:
    """Ends with its code at once, or once it is asked to stop."""

    code: int = 0
    is_patient: bool = False

    async def supervise(self, _bounds, stop):
        return Ending(await stop if self.is_patient else "exited", self.code)

    def kill(self):
        pass


def run(*documents, patient=(), slow=(), codes=None):
    """The task after its end, and whether it was RUNNING. The `slow` take a while to start."""
    running = []
    job = waiting(region_with_queue(), "job")
    job.task["taskArn"] = "arn:aws:ecs:us-east-1:000000000000:task/cluster/task"

    def container(document):
        async def start():
            for _ in range(20 if document["name"] in slow else 0):
                await asyncio.sleep(0)
            return Pretended((codes or {}).get(document["name"], 0), document["name"] in patient)

        return Container(document, start, Bounds(grace_seconds=1, memory_mib=100))

    async def everything():
        parts = {one["name"]: container(one) for one in documents}
        task = Task(job, parts, now_ms=lambda: 1, on_running=lambda: running.append(True))
        await asyncio.wait_for(task.run(asyncio.Event()), 20)
        return task

    return asyncio.run(everything()), bool(running)


def test_a_task_runs_however_soon_one_of_its_containers_ends():
    chain = part("c", dependsOn=after("b", "START"))
    task, ran = run(
        part("a"), part("b", dependsOn=after("a", "START")), chain, slow={"b", "c"}, patient={"c"}
    )
    assert ran
    assert task.cause == "essential"
    assert all(one.started.result() for one in task.containers.values())
    assert task.deciding.name == "a"


def test_a_container_that_waited_in_vain_decides_though_the_others_end_well():
    before = part("before", essential=False)
    main = part("main", dependsOn=after("before", "SUCCESS"))
    task, ran = run(part("sidecar"), before, main, patient={"sidecar"}, codes={"before": 4})
    assert not ran
    assert (task.cause, task.deciding.name) == ("unstarted", "main")
    assert [one.ended.result() for one in task.containers.values()] == [0, 4, None]


def test_a_container_that_starts_late_is_waited_for():
    main = part("main", dependsOn=after("before", "COMPLETE"))
    task, ran = run(part("before", essential=False), main, slow={"main"}, codes={"before": 4})
    assert ran
    assert task.deciding.name == "main"
