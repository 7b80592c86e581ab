"""What a container needs before it starts, and who may get it: its image and its log stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from localaws.batch import iam
from localaws.batch.memory.destination import Destination, destination
from localaws.batch.ports import Aws, Credentials, Image, LogsRefusedError, Settings
from localaws.batch.running.errors import CannotStartError

if TYPE_CHECKING:
    from localaws.batch.memory.state import Job
    from localaws.batch.model import Document
    from localaws.batch.running.faults import Struck


@dataclass(frozen=True)
class Agent:
    """What Amazon ECS does for the containers of a job with its execution role, if it has one."""

    job: Job
    aws: Aws
    settings: Settings
    execution: Credentials | None

    def pull(self, container: Document, struck: Struck | None) -> Image:
        """Raises CannotStartError."""
        uri = container["image"]
        if self.execution:
            for needed in iam.pull_permissions(uri):
                denial = self.aws.denial(self.job.scope, self.execution, needed.action, needed.resource)
                if denial:
                    text = f"CannotPullContainerError: AccessDeniedException: {denial}"
                    raise CannotStartError(text, container=container)
        if struck and struck.fault.cause == "pull":
            status_reason, reason = struck.fault.words(self.job)
            raise CannotStartError(reason or "", status_reason=status_reason, container=container)
        image = self.settings.find_image(uri)
        if image is None:
            text = (
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                f"failed to resolve ref {uri}: not found"
            )
            raise CannotStartError(text, container=container)
        return image

    def open_log(self, container: Document) -> Destination | None:
        """Raises CannotStartError."""
        found = destination(self.job, container)
        if found is None:
            return None
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            if self.execution and (denial := self.aws.denial(found.scope, self.execution, action, found.arn)):
                raise _no_log(f"AccessDeniedException: {denial}", container)
        try:
            self.aws.create_log_stream(
                found.scope, found.group, found.stream, create_group=found.create_group
            )
        except LogsRefusedError as error:
            raise _no_log(str(error), container) from error
        return found


def _no_log(why: str, container: Document) -> CannotStartError:
    text = (
        "ResourceInitializationError: failed to validate logger args: "
        "create stream has been retried 1 times: failed to create Cloudwatch log stream: "
        f"{why} : exit status 1"
    )
    return CannotStartError(text, status_reason=text, container=container)
