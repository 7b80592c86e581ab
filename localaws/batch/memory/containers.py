"""The containers of a job or of its definition: one in `container` or `containerProperties`, or several in
the only task of `ecsProperties`.

https://docs.aws.amazon.com/batch/latest/userguide/multi-container-jobs.html. Everything else takes a job of
one container for a task of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localaws.batch.model import Document

DEFAULT_NAME = "default"
"""What AWS Batch calls the only container of a job, as names of log streams show."""
DEFAULT_STOP_SECONDS = 30


def task(owner: Document) -> Document:
    """Where the roles, the volumes and the ARNs of the task stand: with a single container, at it."""
    if "ecsProperties" in owner:
        found: Document = owner["ecsProperties"]["taskProperties"][0]
        return found
    only: Document = owner["container"] if "container" in owner else owner["containerProperties"]
    return only


def containers(owner: Document) -> list[Document]:
    """In the definition's order; at least one."""
    found: list[Document] = task(owner).get("containers") or [task(owner)]
    return found


def copied(owner: Document) -> Document:
    """The member of a job that describes its containers, in documents of its own: attempts change them."""
    if "ecsProperties" not in owner:
        return {"container": dict(owner["container"])}
    own = {**task(owner), "containers": [dict(one) for one in containers(owner)]}
    return {"ecsProperties": {"taskProperties": [own]}}


def name(container: Document) -> str:
    return str(container.get("name") or DEFAULT_NAME)


def is_essential(container: Document) -> bool:
    return bool(container.get("essential", True))


def stop_seconds(container: Document) -> int:
    """How long after SIGTERM it is killed."""
    return int(container.get("stopTimeout", DEFAULT_STOP_SECONDS))


def task_role(owner: Document) -> str | None:
    """The role whose credentials all of its containers have."""
    found: str | None = task(owner).get("taskRoleArn") or task(owner).get("jobRoleArn")
    return found


def status(container: Document) -> str:
    """Its status as Amazon ECS knows it: PULLED until it starts, RUNNING, STOPPED."""
    if "stoppedAt" in container:
        return "STOPPED"
    return "RUNNING" if "startedAt" in container else "PULLED"
