"""The events of AWS Batch on the default bus.

https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html: the detail resembles JobDetail, and
its tags carry one more, `resourceArn`.
"""

from __future__ import annotations

import json

from localaws.batch.model import Document, shaped

JOB_STATE_CHANGE = "Batch Job State Change"


def job_state_change(job_detail: Document) -> Document:
    """An entry of PutEvents for the state the job is in."""
    detail = shaped("JobDetail", job_detail)
    detail["tags"] = {"resourceArn": detail["jobArn"], **detail.get("tags", {})}
    detail.pop("eksAttempts", None)
    return {
        "Source": "aws.batch",
        "DetailType": JOB_STATE_CHANGE,
        "Resources": [detail["jobArn"]],
        "Detail": json.dumps(detail),
    }
