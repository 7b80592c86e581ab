"""Which RUNNABLE jobs start where: queues by priority, each in its order, while there are vCPUs."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from localaws.batch.memory.environment import environment_arns, vcpu_limit
from localaws.batch.memory.usage import Usage
from localaws.batch.scheduling import fairshare, instances

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localaws.batch.memory.state import Job, Region
    from localaws.batch.model import Document
    from localaws.batch.scheduling.retries import Outcome

Occupied = defaultdict[str, float]
"""vCPUs by the name of an environment, or by the ARN of a queue."""


def choose(
    region: Region, now_ms: int, held: Callable[[Job], object] = lambda _: None
) -> list[tuple[Job, Document]]:
    """The jobs to start and the environment of each; a job that does not fit, or is `held`, holds up its
    whole queue.
    """
    used: Occupied = defaultdict(float)
    for job in region.jobs.started():
        if job.environment:
            used[job.environment] += job.vcpus
            used[job.queue_arn] += job.vcpus
    chosen = []
    for queue in sorted(region.queues.values(), key=lambda one: -int(one["priority"])):
        most = _most_vcpus(region, queue, now_ms)
        for job in ordered(region, queue, now_ms):
            environment = _room(region, queue, job, used)
            if environment is None or not _within(used[queue["jobQueueArn"]], job.vcpus, most) or held(job):
                break
            used[environment["computeEnvironmentName"]] += job.vcpus
            used[queue["jobQueueArn"]] += job.vcpus
            chosen.append((job, environment))
    return chosen


def ordered(region: Region, queue: Document, now_ms: int) -> Iterator[Job]:
    """The queue's RUNNABLE jobs, first to start first.

    A FIFO queue keeps the order of submission. A fair-share queue takes turns: each time the share that uses
    the least for its weight (a smaller weightFactor earns more), and within a share the higher priority
    first.
    """
    arn = queue["jobQueueArn"]
    lines = region.jobs.lines(arn)
    policy = fairshare_policy(region, queue)
    if policy is None:
        return chain.from_iterable(lines.values())
    running = [job for job in region.jobs.started() if job.queue_arn == arn]
    return fairshare.turns(lines, running, region.usage.get(arn, Usage()), policy, now_ms)


def count_usage(region: Region, job: Job, outcome: Outcome) -> None:
    """What an attempt on a fair-share queue has used stays on the account of its share for a while."""
    queue = region.queue(job.queue_arn)
    policy = fairshare_policy(region, queue) if queue else None
    if policy is None or outcome.started_at_ms is None:
        return
    seconds = (outcome.stopped_at_ms - outcome.started_at_ms) / 1000
    usage = region.usage.setdefault(job.queue_arn, Usage())
    usage.add(job.share, job.vcpus * seconds, outcome.stopped_at_ms, policy)


def fairshare_policy(region: Region, queue: Document) -> Document | None:
    """None for a FIFO queue."""
    policy = region.policies.get(queue.get("schedulingPolicyArn", ""))
    return policy["fairsharePolicy"] if policy else None


def _most_vcpus(region: Region, queue: Document, now_ms: int) -> float:
    """What the queue's jobs may occupy together: all of its environments' vCPUs less the reservation.

    A share is active while it has an unfinished job, and for the time of decay after its last one.
    """
    policy = fairshare_policy(region, queue)
    if policy is None or not policy["computeReservation"]:
        return float("inf")
    arn = queue["jobQueueArn"]
    lately = region.usage.get(arn, Usage()).shares(now_ms, policy)
    active = len(lately.union(region.jobs.active_shares(arn)))
    found = [one for name in environment_arns(queue) if (one := region.environment(name))]
    return sum(map(vcpu_limit, found)) * (1 - fairshare.reserved(policy, active))


def _within(used: float, vcpus: float, most: float) -> bool:
    """Whether the reservation allows it; a queue that runs nothing is never held up by it for good."""
    return not used or used + vcpus <= most


def _room(region: Region, queue: Document, job: Job, used: Occupied) -> Document | None:
    for arn in environment_arns(queue):
        environment = region.environment(arn)
        if environment is None or environment["state"] != "ENABLED" or environment["status"] != "VALID":
            continue
        free = vcpu_limit(environment) - used[environment["computeEnvironmentName"]]
        if job.vcpus <= free and instances.fits(environment, job):
            return environment
    return None
