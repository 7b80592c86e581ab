"""Where the output of a container goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from localaws.batch.memory.containers import name
from localaws.batch.scope import Scope

if TYPE_CHECKING:
    from localaws.batch.memory.state import Job
    from localaws.batch.model import Document


DEFAULT_GROUP = "/aws/batch/job"


@dataclass(frozen=True)
class Destination:
    scope: Scope
    group: str
    stream: str
    create_group: bool

    @property
    def arn(self) -> str:
        group = f"arn:aws:logs:{self.scope.region}:{self.scope.account}:log-group:{self.group}"
        return f"{group}:log-stream:{self.stream}"


def destination(job: Job, container: Document) -> Destination | None:
    """The group of the container's logConfiguration and the stream `<prefix>/<container>/<task id>`, once the
    job has a task.

    None when the container asks for another driver than awslogs: its output goes nowhere on this machine.
    """
    configuration = container.get("logConfiguration", {})
    if configuration.get("logDriver", "awslogs") != "awslogs":
        return None
    options = configuration.get("options", {})
    definition = job.detail["jobDefinition"].rpartition("/")[2].partition(":")[0]
    task_id = job.task["taskArn"].rpartition("/")[2]
    group = options.get("awslogs-group", DEFAULT_GROUP)
    return Destination(
        Scope(job.scope.account, options.get("awslogs-region", job.scope.region)),
        group,
        f"{options.get('awslogs-stream-prefix', definition)}/{name(container)}/{task_id}",
        # Batch makes its own default group; any other has to exist, unless the driver is told to make it.
        group == DEFAULT_GROUP or options.get("awslogs-create-group") == "true",
    )
