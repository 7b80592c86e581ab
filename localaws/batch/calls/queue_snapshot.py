"""GetJobQueueSnapshot: the front of a queue, and what its jobs occupy.

https://docs.aws.amazon.com/batch/latest/APIReference/API_GetJobQueueSnapshot.html.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import nlargest
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING

from localaws.batch.calls.queues import existing, is_fairshare
from localaws.batch.scheduling import placement

if TYPE_CHECKING:
    from localaws.batch.memory.state import Region
    from localaws.batch.model import Document

MOST_JOBS = 100
MOST_SHARES = 20


def snapshot(region: Region, request: Document, now_ms: int) -> Document:
    """The first 100 RUNNABLE jobs in the order in which they would start, and the vCPUs in use.

    A job is at its place since it became RUNNABLE, or since a job last left the line.
    """
    queue = existing(region, request["jobQueue"])
    arn = queue["jobQueueArn"]
    left = region.departures.get(arn, 0)
    jobs = [
        {"jobArn": job.detail["jobArn"], "earliestTimeAtPosition": max(job.runnable_ms, left)}
        for job in islice(placement.ordered(region, queue, now_ms), MOST_JOBS)
    ]
    used: defaultdict[str, float] = defaultdict(float)
    for job in region.jobs.started():
        if job.queue_arn == arn:
            used[job.share] += job.vcpus
    utilization: Document = {"totalCapacityUsage": _vcpus(sum(used.values())), "lastUpdatedAt": now_ms}
    if is_fairshare(queue):
        utilization["fairshareUtilization"] = {
            "activeShareCount": len(used),
            "topCapacityUtilization": [
                {"shareIdentifier": share, "capacityUsage": _vcpus(vcpus)}
                for share, vcpus in nlargest(MOST_SHARES, used.items(), key=itemgetter(1))
            ],
        }
    return {"frontOfQueue": {"jobs": jobs, "lastUpdatedAt": now_ms}, "queueUtilization": utilization}


def _vcpus(quantity: float) -> list[Document]:
    return [{"capacityUnit": "VCPU", "quantity": float(quantity)}]
