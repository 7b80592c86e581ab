"""What a server that was killed left behind: processes of jobs and their scratch folders."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from typing import TYPE_CHECKING

import psutil

from localaws.batch.running import sandbox

if TYPE_CHECKING:
    from pathlib import Path

# psutil's start times are exact to a hundredth of a second.
_SAME_MOMENT_SECONDS = 0.05


def sweep(jobs_folder: Path) -> int:
    """Kills the recorded processes that still run, removes every scratch folder, returns how many it killed.

    A process is taken for the recorded one only if it has the same id and the same start time.
    """
    killed = 0
    for record in jobs_folder.glob(sandbox.PROCESS_FILES):
        with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
            found = json.loads(record.read_text())
            started = psutil.Process(found["pid"]).create_time()
            if abs(started - found["created"]) < _SAME_MOMENT_SECONDS:
                os.killpg(found["pid"], signal.SIGKILL)
                killed += 1
    for folder in jobs_folder.glob("*"):
        shutil.rmtree(folder, ignore_errors=True)
    return killed
