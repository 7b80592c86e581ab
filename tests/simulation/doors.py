"""Puts what is asked to the simulated world: through its API, by objects in its bucket, or past it."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from tests.simulation.asks import Ask
from tests.simulation.callers import Answered, Caller
from tests.simulation.deployment import DEFINITION_ARN, INSTANCES_ARN, QUEUE_ARN, SHARED_ARN
from tests.simulation.world import World

_DAYS = tuple(f"2026-01-{day:02},{100 + day}.5,{60 - day}\n" for day in range(1, 29))
_TABLE = ("date,spx_close,wti_spot\n" + "".join(_DAYS)).encode()
_FILES = ("part-0.csv", "deep/part-1.csv", "part-2.csv")
_EARLIER_SECONDS = 5.0
"""Before its marker, a folder is filled within so long."""


def put(world: World, ask: Ask, answered: Mapping[str, Answered]) -> None:
    """Has it asked for when its time comes."""
    after = world.kernel.after
    if ask.profile == "auto" and ask.door in {"call", "request file"}:
        after(ask.at, partial(world.data.put, ask.dataset, _TABLE))
    if ask.door == "call":
        _call(world, ask, answered)
        return
    if ask.door == "other program":
        after(ask.at, partial(_submit, world, ask))
        return
    for number in range(ask.versions):
        at = ask.at + number * (ask.again or 0.0)
        if ask.door in {"folder", "manifest"}:
            _fill(world, ask, at)
            at += _EARLIER_SECONDS
        after(at, partial(world.drop, ask.key, content(ask, number)))
    if ask.deleted is not None:
        after(at + ask.deleted, partial(world.data.delete, ask.key))


def content(ask: Ask, number: int) -> bytes:
    """What is in the object that asks for the job; `number`: in which of its versions, from 0."""
    if ask.flaw == "text" and ask.door != "request file":
        return b""
    match ask.door:
        case "request file":
            return ask.file()
        case "manifest":
            listed = [*_FILES, "part-3.csv"] if ask.flaw else _FILES
            return json.dumps({"files": listed}).encode()
        case "folder":
            return f"version {number}".encode()
        case _:
            return _TABLE + b"2026-02-01,1,2\n" * number


def can_work(ask: Ask) -> bool:
    """Whether it can become a job at all."""
    return ask.flaw != "text" if ask.door == "data set" else not ask.flaw


def _call(world: World, ask: Ask, answered: Mapping[str, Answered]) -> None:
    kernel = world.kernel

    def depends_on() -> str:
        known = answered.get(ask.after)
        return min(known.job_ids, default="") if known else ""

    for number, later in enumerate((0.0, *ask.twins)):
        meddle = partial(_meddle, world, ask)
        caller = Caller(kernel, ask, number, world.call, answered[ask.name], depends_on, meddle)
        kernel.after(ask.at + later, caller.begin)


def _fill(world: World, ask: Ask, at: float) -> None:
    """Uploads a folder; where it shall not do, without its tables."""
    for number, name in enumerate(_FILES):
        key = ask.dataset + (f"{name}.txt" if ask.flaw and ask.door == "folder" else name)
        world.kernel.after(at + number * _EARLIER_SECONDS / 4, partial(world.data.put, key, _TABLE))


def _submit(world: World, ask: Ask) -> None:
    """Another program's job on one of the queues: alone or an array, and perhaps of the training."""
    members: dict[str, Any] = {}
    queue = {"shared": SHARED_ARN, "instances": INSTANCES_ARN}.get(ask.profile, QUEUE_ARN)
    if ask.profile == "shared":
        members["shareIdentifier"] = "others"
    elif ask.profile == "auto":
        members["jobDefinition"] = DEFINITION_ARN
    if ask.shape < 0.3:
        members["arrayProperties"] = {"size": 3}
    world.batch.submit_foreign(f"nightly-{ask.name}", queue, **members)


def _meddle(world: World, ask: Ask, job_id: str) -> None:
    """Has somebody go to AWS Batch itself, past Pulse."""
    jobs = world.batch.by_pulse_id.get(job_id)
    if not jobs:
        return
    job = jobs[0]
    if ask.stopped is not None:
        world.kernel.after(ask.stopped, partial(world.batch.terminate, job.id, "No longer needed"))
    if ask.cloned is not None:
        members: dict[str, Any] = {
            "jobDefinition": job.definition.arn,
            "containerOverrides": {"command": job.command, "environment": job.base["environment"]},
        }
        members |= {"shareIdentifier": job.share} if job.share else {}
        members |= {"arrayProperties": {"size": job.size}} if job.size else {}
        name = job.name if ask.shape < 0.5 else f"copy-{job_id}"
        world.kernel.after(
            ask.cloned, partial(world.batch.submit_foreign, name, job.line.queue.arn, **members)
        )
