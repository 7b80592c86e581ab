"""What the engine remembers: resources, jobs and hosts of each account and region.

Resources are kept in the shape their Describe call answers. A job is that shape (`detail`, a JobDetail) and
the few things AWS does not show. `dump` and `load` turn everything into JSON and back.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from localaws.batch.memory import containers
from localaws.batch.memory.hosts import Host, Hosts
from localaws.batch.memory.jobs import STARTED, TERMINAL, Jobs
from localaws.batch.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.batch.memory.usage import Usage
    from localaws.batch.model import Document

__all__ = ["STARTED", "TERMINAL", "Job", "Region", "State", "dump", "load"]


@dataclass(eq=False)
class Job:
    """A submitted job. `sequence` is its place in the order of submission, `environment` the name of the
    compute environment its current attempt occupies, `stop_reason` the text of a TerminateJob that awaits
    the process, `unfinished` how many children of an array parent have not ended, 0 before there are any,
    `siblings` the size of the array that a child belongs to. `runnable_ms` is when it last became RUNNABLE,
    `starting_ms` when its attempt began, `blocked` the reason for which it then blocks its queue, since
    `blocked_ms`.
    """

    scope: Scope
    detail: Document
    sequence: int
    vcpus: float
    memory_mib: int
    environment: str | None = None
    stop_reason: str | None = None
    unfinished: int = 0
    siblings: int | None = None
    runnable_ms: int = 0
    starting_ms: int = 0
    blocked: str = ""
    blocked_ms: int = 0
    on_move: Callable[[Job, str], None] | None = field(default=None, repr=False)

    @property
    def array_size(self) -> int | None:
        """None for every job but the parent of an array."""
        size: int | None = self.detail.get("arrayProperties", {}).get("size")
        return size

    @property
    def parent_id(self) -> str | None:
        parent, _, index = self.id.partition(":")
        return parent if index else None

    @property
    def id(self) -> str:
        return str(self.detail["jobId"])

    @property
    def status(self) -> str:
        return str(self.detail["status"])

    @status.setter
    def status(self, status: str) -> None:
        before, self.detail["status"] = self.status, status
        if self.on_move:
            self.on_move(self, before)

    @property
    def share(self) -> str:
        """Empty on a FIFO queue."""
        return str(self.detail.get("shareIdentifier", ""))

    @property
    def queue_arn(self) -> str:
        return str(self.detail["jobQueue"])

    @property
    def finished(self) -> bool:
        return self.status in TERMINAL

    @property
    def attempts(self) -> list[Document]:
        found: list[Document] = self.detail["attempts"]
        return found

    @property
    def task(self) -> Document:
        """What all containers of the job share: see `containers.task`."""
        return containers.task(self.detail)

    @property
    def containers(self) -> list[Document]:
        return containers.containers(self.detail)


@dataclass
class Region:
    """The Batch resources of one account in one region, by name (jobs by id, policies by ARN).

    By the queue's ARN, and anew with the server: `usage` is what the shares of each queue used lately,
    `departures` when a job last left its line, in ms, `heads` the job that was last seen at its head.
    """

    scope: Scope
    environments: dict[str, Document] = field(default_factory=dict)
    queues: dict[str, Document] = field(default_factory=dict)
    definitions: dict[str, list[Document]] = field(default_factory=dict)
    policies: dict[str, Document] = field(default_factory=dict)
    jobs: Jobs = field(default_factory=Jobs)
    usage: dict[str, Usage] = field(default_factory=dict)
    departures: dict[str, int] = field(default_factory=dict)
    heads: dict[str, Job] = field(default_factory=dict)
    hosts: Hosts = field(default_factory=Hosts)

    def queue(self, reference: str) -> Document | None:
        return self.queues.get(self.scope.name_of("job-queue", reference) or "")

    def environment(self, reference: str) -> Document | None:
        return self.environments.get(self.scope.name_of("compute-environment", reference) or "")

    def definition(self, reference: str) -> Document | None:
        """`NAME` is its latest ACTIVE revision, `NAME:3` and the ARN with revision exactly that one."""
        name, _, revision = (self.scope.name_of("job-definition", reference) or "").partition(":")
        revisions = self.definitions.get(name, [])
        if revision:
            return next((one for one in revisions if str(one["revision"]) == revision), None)
        return next((one for one in reversed(revisions) if one["status"] == "ACTIVE"), None)


@dataclass
class State:
    regions: dict[Scope, Region] = field(default_factory=dict)
    sequence: int = 0

    def region(self, scope: Scope) -> Region:
        return self.regions.setdefault(scope, Region(scope))

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def clear(self) -> None:
        self.regions.clear()
        self.sequence = 0


def dump(state: State) -> Document:
    regions = {
        region.scope.key(): {
            "environments": region.environments,
            "queues": region.queues,
            "definitions": region.definitions,
            "policies": region.policies,
            "jobs": [_dump_job(job) for job in region.jobs.values()],
            "hosts": [vars(host) for host in region.hosts],
        }
        for region in state.regions.values()
    }
    return _copied({"sequence": state.sequence, "regions": regions})


def load(state: State, data: Document) -> None:
    """Replaces everything in `state` by what `dump` wrote."""
    state.clear()
    state.sequence = int(data["sequence"])
    for key, saved in data["regions"].items():
        scope = Scope.from_key(key)
        jobs = [Job(scope=scope, **job) for job in saved["jobs"]]
        state.regions[scope] = Region(
            scope,
            saved["environments"],
            saved["queues"],
            saved["definitions"],
            saved["policies"],
            Jobs(jobs),
            hosts=Hosts(Host(**host) for host in saved.get("hosts", ())),
        )


_OF_A_JOB = (
    *("detail", "sequence", "vcpus", "memory_mib", "environment", "stop_reason", "unfinished"),
    *("siblings", "runnable_ms", "starting_ms", "blocked", "blocked_ms"),
)


def _dump_job(job: Job) -> Document:
    return {name: getattr(job, name) for name in _OF_A_JOB}


def _copied(document: Document) -> Document:
    # The event loop waits meanwhile, and this is three times as fast as copy.deepcopy.
    return cast("Document", pickle.loads(pickle.dumps(document)))  # noqa: S301 - our own bytes
