"""A process and what it started, looked at by one thread and ended by another."""

import asyncio
import sys
from types import SimpleNamespace

import pytest

from localaws.batch.running import processes
from localaws.batch.running.processes import Process


def test_a_process_can_be_killed_while_its_memory_is_looked_at(monkeypatch, tmp_path):
    killed = []

    class Descendant:
        """Whoever kills it comes between two looks at the memory, each of which finds another one."""

        def memory_info(self):
            return SimpleNamespace(rss=1)

        def kill(self):
            killed.append(self)
            process._resident_bytes()

    async def scenario():
        nonlocal process
        process = await Process.start(
            [sys.executable, "-c", "import time; time.sleep(60)"],
            folder=tmp_path,
            environment={},
            on_line=print,
        )
        process._resident_bytes()
        process._resident_bytes()
        process.kill()
        await process._process.wait()

    process = None
    monkeypatch.setattr(processes, "_tree", lambda _pid: {Descendant()})
    asyncio.run(scenario())
    assert len(killed) == 2


@pytest.mark.parametrize("code", [0, 3])
def test_a_process_ends_with_its_own_exit_code(tmp_path, code):
    async def scenario():
        command = [sys.executable, "-c", f"raise SystemExit({code})"]
        started = await Process.start(command, folder=tmp_path, environment={}, on_line=print)
        never = asyncio.get_running_loop().create_future()
        return await started.supervise(processes.Bounds(memory_mib=512, grace_seconds=1), never)

    assert asyncio.run(scenario()).code == code
