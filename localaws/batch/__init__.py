"""An AWS Batch that really runs its jobs, in the place of MiniStack's pretended one.

A request comes in at `service.py` (authorization) and `api.py` (routing, validation by botocore's model);
use cases are in `environments`, `queues`, `definitions`, `policies`, `submit`, `listing` and `tags`, all
pure. `engine.py` moves jobs through their states, `attempt.py` runs one attempt: `task.py` starts and stops
its containers, of which a job has one or, with ecsProperties, up to ten; each is a process of its own.
`hosts.py` has the EC2 instances that attempts run on and `tasks.py` the ECS tasks that they are, which
`host_calls.py` shows as EC2 does, `ecs_calls.py` as ECS does and `task_metadata.py` to the job itself.
`blocked.py` says why the head of a queue cannot start; `faults.py` and `bus.py` make jobs fail and events get
lost on demand, which `control.py` takes by HTTP.
Only `service.py`, `host_calls.py`, `ecs_calls.py`, `cloudformation.py` and `ministack_aws.py` import
ministack, through the private names listed in `hooks.py`.

Not on this machine, and refused with a message that says so: multi-node and EKS jobs, service environments,
consumable resources, quota shares, FireLens, and secrets. A volume with a place of its own (`sourcePath`,
EFS, S3 Files) is accepted and ignored; any other is a folder of the attempt, which a process is handed in
place of its mount point (`sandbox.View`). A job may write anywhere in its scratch folder, also where a mount
point is read-only.

Settings, in the server's environment:

- LOCALAWS_SECONDS_SCALE (1), there or in a job's own environment, shortens time-outs, the time limits of a
  queue, and the 30 seconds between SIGTERM and SIGKILL: with 0.01 the shortest time-out, 60 seconds, lasts
  0.6.
- LOCALAWS_BATCH_SUBMITS_PER_SECOND (50, as on AWS; 0: no limit): SubmitJob over this pace, of one account in
  one region, gets TooManyRequestsException.
- LOCALAWS_BATCH_LIST_LAG_SECONDS (0): a job is listed only when it is this old. On AWS listing is eventually
  consistent.

After a restart, jobs that had not started go on waiting. An attempt that was under way has lost its host: it
is recorded without an exit code, "Host EC2 (instance i-...) terminated.", and the job's retry strategy
decides whether the job is RUNNABLE again or FAILED.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from localaws.endpoints import Pages

__all__ = ["install"]

_DEFAULTS = {
    "LOCALAWS_SECONDS_SCALE": 1.0,
    "LOCALAWS_BATCH_SUBMITS_PER_SECOND": 50.0,
    "LOCALAWS_BATCH_LIST_LAG_SECONDS": 0.0,
}


def install(root: Path) -> tuple[Pages, Pages]:
    """Puts the engine into the MiniStack of this process. Call it before `ministack.app.main()`.

    `root` is the instance's folder: images are found there, and jobs run under `jobs/`. Leftovers of a
    killed server are swept away. Returns the pages through which failures are ordered, and
    those on which a job reads about itself.
    """
    # ministack exists only in the server's environment, and these modules import it.
    from localaws import images  # noqa: PLC0415
    from localaws.batch.border import control  # noqa: PLC0415
    from localaws.batch.border.ministack_aws import MiniStackAws  # noqa: PLC0415
    from localaws.batch.border.service import put_in_place  # noqa: PLC0415
    from localaws.batch.ecs import task_metadata  # noqa: PLC0415
    from localaws.batch.engine import Engine  # noqa: PLC0415
    from localaws.batch.memory.state import State  # noqa: PLC0415
    from localaws.batch.ports import Settings  # noqa: PLC0415
    from localaws.batch.running.orphans import sweep  # noqa: PLC0415

    jobs_folder = root / "jobs"
    jobs_folder.mkdir(parents=True, exist_ok=True)
    sweep(jobs_folder)
    settings = Settings(
        jobs_folder=jobs_folder,
        find_image=lambda uri: images.find(root, uri),
        now_ms=lambda: int(time.time() * 1000),
        seconds_scale=_number("LOCALAWS_SECONDS_SCALE"),
        submits_per_second=_number("LOCALAWS_BATCH_SUBMITS_PER_SECOND"),
        list_lag_seconds=_number("LOCALAWS_BATCH_LIST_LAG_SECONDS"),
    )
    engine = Engine(State(), MiniStackAws(), settings)
    put_in_place(engine)
    return (
        {control.PATH: lambda request: control.answer(engine, request)},
        {task_metadata.PATH: lambda request: task_metadata.answer(engine.state, request)},
    )


def _number(name: str) -> float:
    """Raises SystemExit, which ends the server with this text in its log, for anything but a number >= 0."""
    text = os.environ.get(name, "")
    try:
        number = float(text) if text else _DEFAULTS[name]
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise SystemExit(f"{name} must be a number of at least 0, found {text!r}")
    return number
