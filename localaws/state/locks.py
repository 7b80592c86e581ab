"""A lock between processes that ends with its holder."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from localaws.state import private


@contextlib.contextmanager
def file_lock(path: Path, timeout_seconds: float = 300) -> Iterator[None]:
    """Holds `path` exclusively. Raises TimeoutError when another process keeps it longer than the timeout."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout_seconds
    with private.opened(path, "a") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"Another process holds {path} since {timeout_seconds:.0f} s"
                    ) from None
                time.sleep(0.05)
        yield
