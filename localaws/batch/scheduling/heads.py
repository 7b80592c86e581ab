"""The job at the head of each queue: only that one blocks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from localaws.batch.scheduling import blocked, placement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localaws.batch.memory.state import Job, Region
    from localaws.batch.ports import Settings


class Stuck(NamedTuple):
    """A job that blocks its queue, whether its reason is news, and when the queue cancels it, if ever."""

    job: Job
    is_news: bool
    limit_ms: int | None


def stuck(region: Region, held: Callable[[Job], str | None], settings: Settings) -> Iterator[Stuck]:
    """The job at the head of each queue that cannot start; its statusReason says why for as long as it is so.

    To be asked after everything that can start has started; `held` gives the reason of a job that is to find
    no place.
    """
    now_ms = settings.now_ms()
    for arn, queue in ((one["jobQueueArn"], one) for one in region.queues.values()):
        head = next(placement.ordered(region, queue, now_ms), None)
        _remember(region, arn, head)
        if head is None:
            continue
        code = held(head) or blocked.reason(region, queue, head)
        if code is None:
            blocked.unmark(head)
        else:
            is_news = blocked.mark(region, queue, head, code, now_ms)
            scale = settings.scale(head.containers)
            yield Stuck(head, is_news, blocked.cancelled_at_ms(queue, head, scale))


def _remember(region: Region, queue_arn: str, head: Job | None) -> None:
    """A job that another one has overtaken blocks nothing."""
    before = region.heads.pop(queue_arn, None)
    if before and before is not head and before.status == "RUNNABLE":
        blocked.unmark(before)
    if head:
        region.heads[queue_arn] = head
