"""The events of AWS Batch on the default bus.

https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html: the detail resembles JobDetail, and
its tags carry one more, `resourceArn`.
"""

from __future__ import annotations

import json

from localaws.batch.model import Document, shaped

JOB_STATE_CHANGE = "Batch Job State Change"
JOB_QUEUE_BLOCKED = "Batch Job Queue Blocked"


def job_state_change(job_detail: Document, now_ms: int) -> Document:
    """An entry of PutEvents for the state the job is in."""
    return _entry(JOB_STATE_CHANGE, [job_detail["jobArn"]], job_detail, now_ms)


def job_queue_blocked(job_detail: Document, now_ms: int) -> Document:
    """An entry for a queue whose head cannot start:
    https://docs.aws.amazon.com/batch/latest/userguide/batch-job-queue-blocked-events.html.
    """
    return _entry(JOB_QUEUE_BLOCKED, [job_detail["jobArn"], job_detail["jobQueue"]], job_detail, now_ms)


def _entry(kind: str, resources: list[str], job_detail: Document, now_ms: int) -> Document:
    detail = shaped("JobDetail", job_detail)
    detail["tags"] = {"resourceArn": detail["jobArn"], **detail.get("tags", {})}
    detail.pop("eksAttempts", None)
    return {
        "Source": "aws.batch",
        "DetailType": kind,
        # When it happened: a late delivery does not change it.
        "Time": now_ms // 1000,
        "Resources": resources,
        "Detail": json.dumps(detail),
    }
