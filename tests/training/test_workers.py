"""The worker processes of a run: whoever reaches them or their scheduler runs code as the job."""

import asyncio

import pytest
from distributed import Security
from distributed.comm import connect
from recursive_training.steps.walk import cluster


def test_another_program_of_the_machine_reaches_neither_the_scheduler_nor_a_worker(tmp_path):
    stranger = Security.temporary().get_connection_args("client")
    with cluster(2, 1, str(tmp_path)) as ours:
        workers = [nanny.worker_address for nanny in ours.workers.values()]
        assert len(workers) == 2
        for address in [ours.scheduler_address, *workers]:
            place = address.partition("://")[2]
            for there, keys in ((f"tcp://{place}", {}), (f"tls://{place}", stranger)):
                with pytest.raises(OSError, match=r"connect|SSL|TLS|closed"):
                    asyncio.run(connect(there, timeout=1, **keys))


def test_a_single_worker_listens_nowhere(tmp_path):
    with cluster(1, 2, str(tmp_path)) as ours:
        assert ours.scheduler_address.startswith("inproc://")
        assert [worker.address.partition("://")[0] for worker in ours.workers.values()] == ["inproc"]
