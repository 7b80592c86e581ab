"""A Lambda invocation that logs nothing waits 50 ms for log lines that may still come.

What the handler wrote is in the pipe before its answer is, so an empty pipe means that nothing more comes:
it is enough to let the thread that reads the pipe hand over what it holds.
"""

import fcntl
import struct
import termios
import time
from typing import Any

from localaws.ministack.patching import wrap

PIPE_SECONDS = 0.25
HAND_OVER_SECONDS = 0.003


def install() -> None:
    wrap("core.lambda_runtime.Worker._drain_stderr_bounded", _drain)


def _drain(original: Any, worker: Any, *_: Any, **__: Any) -> Any:
    deadline = time.monotonic() + PIPE_SECONDS
    while _waiting_bytes(worker) and time.monotonic() < deadline:
        time.sleep(0.0005)
    return original(worker, first_line_wait=HAND_OVER_SECONDS, idle_confirm=HAND_OVER_SECONDS)


def _waiting_bytes(worker: Any) -> int:
    process = getattr(worker, "_proc", None)
    if process is None or process.stderr is None:
        return 0
    try:
        answer = fcntl.ioctl(process.stderr.fileno(), termios.FIONREAD, b"\0\0\0\0")
    except (OSError, ValueError):
        return 0
    return int(struct.unpack("i", answer)[0])
