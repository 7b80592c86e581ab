"""Which RUNNABLE jobs start where: queues by priority, each in its order, while there are vCPUs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from localaws.batch.environments import environment_arns, vcpu_limit
from localaws.batch.state import STARTED, Job, Region

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localaws.batch.model import Document


def choose(region: Region) -> list[tuple[Job, Document]]:
    """The jobs to start and the environment of each; a job that does not fit holds up its whole queue."""
    used: defaultdict[str, float] = defaultdict(float)
    for job in region.jobs.values():
        if job.status in STARTED and job.environment:
            used[job.environment] += job.vcpus
    chosen = []
    for queue in sorted(region.queues.values(), key=lambda one: -int(one["priority"])):
        for job in ordered(region, queue):
            environment = _room(region, queue, job, used)
            if environment is None:
                break
            used[environment["computeEnvironmentName"]] += job.vcpus
            chosen.append((job, environment))
    return chosen


def ordered(region: Region, queue: Document) -> list[Job]:
    """The queue's RUNNABLE jobs, first to start first.

    A FIFO queue keeps the order of submission. A fair-share queue takes turns: each time the share that uses
    the least vCPUs for its weight (a smaller weightFactor earns more), and within a share the higher
    priority first.
    """
    of_queue = [job for job in region.jobs.values() if job.queue_arn == queue["jobQueueArn"]]
    waiting = sorted((job for job in of_queue if job.status == "RUNNABLE"), key=lambda job: job.sequence)
    policy = region.policies.get(queue.get("schedulingPolicyArn", ""))
    if policy is None:
        return waiting
    return _by_share(waiting, [job for job in of_queue if job.status in STARTED], policy["fairsharePolicy"])


def _by_share(waiting: list[Job], running: Iterable[Job], policy: Document) -> list[Job]:
    usage: dict[str, float] = {}
    for job in running:
        share = job.detail["shareIdentifier"]
        usage[share] = usage.get(share, 0.0) + job.vcpus * _weight(policy, share)
    lines: dict[str, list[Job]] = {}
    for job in sorted(waiting, key=lambda job: (-int(job.detail["schedulingPriority"]), job.sequence)):
        lines.setdefault(job.detail["shareIdentifier"], []).append(job)
    result = []
    while lines:
        share = min(lines, key=lambda one: (usage.get(one, 0.0), lines[one][0].sequence))
        job = lines[share].pop(0)
        usage[share] = usage.get(share, 0.0) + job.vcpus * _weight(policy, share)
        result.append(job)
        if not lines[share]:
            del lines[share]
    return result


def _weight(policy: Document, share: str) -> float:
    """1.0 unless the policy names the share, or a prefix of it that ends in `*`."""
    for one in policy["shareDistribution"]:
        name = one["shareIdentifier"]
        if name == share or (name.endswith("*") and share.startswith(name[:-1])):
            return float(one.get("weightFactor", 1.0))
    return 1.0


def _room(region: Region, queue: Document, job: Job, used: defaultdict[str, float]) -> Document | None:
    for arn in environment_arns(queue):
        environment = region.environment(arn)
        if environment is None or environment["state"] != "ENABLED" or environment["status"] != "VALID":
            continue
        if used[environment["computeEnvironmentName"]] + job.vcpus <= vcpu_limit(environment):
            return environment
    return None
