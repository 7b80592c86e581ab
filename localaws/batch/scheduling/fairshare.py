"""Who is next in a fair-share queue: usage that fades, weights, and the reservation for shares not yet seen.

https://docs.aws.amazon.com/batch/latest/userguide/fair-share-scheduling.html and
https://aws.amazon.com/blogs/hpc/deep-dive-on-fair-share-scheduling-in-aws-batch/: the share with the smallest
aggregate of vCPU-seconds, of running and of recently completed jobs, times its weight factor, goes first. How
older usage fades is not published; here it is e^(-age / shareDecaySeconds).
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from localaws.batch.memory.usage import Usage, decay_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from localaws.batch.memory.state import Job
    from localaws.batch.model import Document


def weight(policy: Document, share: str) -> float:
    """1.0 unless the policy names the share, or a prefix of it that ends in `*`."""
    for one in policy["shareDistribution"]:
        name = one["shareIdentifier"]
        if name == share or (name.endswith("*") and share.startswith(name[:-1])):
            return float(one.get("weightFactor", 1.0))
    return 1.0


def reserved(policy: Document, active_shares: int) -> float:
    """The part of the queue's vCPUs, 0 to 1, held back: (computeReservation / 100) ^ active shares."""
    return (float(policy["computeReservation"]) / 100) ** max(active_shares, 1)


def turns(
    lines: Mapping[str, Sequence[Job]], running: Sequence[Job], usage: Usage, policy: Document, now_ms: int
) -> Iterator[Job]:
    """The jobs of all lines, the next to start first; each job taken counts at once for its share.

    A share's usage is in vCPUs: those it occupies, and its vCPU-seconds spread over the time of decay.
    Shares of equal usage go by submission.
    """
    decay = decay_seconds(policy)
    used = {share: usage.faded(share, now_ms, policy) / decay for share in lines}
    for job in running:
        seconds = min(decay, (now_ms - job.detail.get("startedAt", now_ms)) / 1000)
        used[job.share] = used.get(job.share, 0.0) + job.vcpus * (1 + seconds / decay)
    weights = {share: weight(policy, share) for share in lines}

    def standing(share: str, place: int) -> tuple[float, int, str, int]:
        return used[share] * weights[share], lines[share][place].sequence, share, place

    heap = [standing(share, 0) for share in lines]
    heapq.heapify(heap)
    while heap:
        _, _, share, place = heapq.heappop(heap)
        job = lines[share][place]
        yield job
        used[share] += job.vcpus
        if place + 1 < len(lines[share]):
            heapq.heappush(heap, standing(share, place + 1))
