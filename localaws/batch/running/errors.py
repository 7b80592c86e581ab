"""Why a task, or one of its containers, cannot start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.batch.scheduling.endings import NOT_STARTED

if TYPE_CHECKING:
    from localaws.batch.model import Document


class CannotStartError(Exception):
    """Raised when the task cannot start; `status_reason` is the task's, the text is the container's.
    `final`: it is refused before it is an attempt of AWS Batch, whose retry rules are not asked.
    `container`: the one that cannot start, None for the first.
    """

    def __init__(
        self,
        reason: str,
        *,
        status_reason: str = NOT_STARTED,
        exit_code: int | None = None,
        final: bool = False,
        container: Document | None = None,
    ) -> None:
        super().__init__(reason)
        self.status_reason = status_reason
        self.exit_code = exit_code
        self.final = final
        self.container = container
