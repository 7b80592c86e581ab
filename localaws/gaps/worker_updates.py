"""An update of a function kills the processes that serve it, in the middle of what they do; on AWS an
invocation that is going on ends in the environment that it began in.
"""

import threading
from typing import Any

from localaws.ministack.patching import wrap


def install() -> None:
    wrap("core.lambda_runtime.kill_workers", _kill)


def _kill(original: Any, workers: Any) -> None:
    """Those at work have taken their lock; they are killed once they give it back."""
    workers = [worker for worker in workers if worker is not None]
    busy = [worker for worker in workers if worker._lock.locked()]  # noqa: SLF001 - see hooks.py
    for worker in busy:
        threading.Thread(target=_kill_afterwards, args=(original, worker), daemon=True).start()
    original([worker for worker in workers if worker not in busy])


def _kill_afterwards(original: Any, worker: Any) -> None:
    with worker._lock:  # noqa: SLF001
        original([worker])
