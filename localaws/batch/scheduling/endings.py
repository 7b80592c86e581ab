"""How attempts end, in AWS's words and exit codes.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.batch.memory.hosts import ec2_instance_id

if TYPE_CHECKING:
    from localaws.batch.memory.state import Job

EXITED = "Essential container in task exited"
NOT_STARTED = "Task failed to start"
TIMED_OUT = "Job attempt duration exceeded timeout"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
SPOT_ON_FARGATE = "Your Spot Task was interrupted."
HOST_TERMINATED = "Host EC2 (instance {instance}) terminated."
"""A Spot instance that was reclaimed, or any other instance that is gone."""
HOST_STOPPED = "Host EC2 (instance {instance}) stopped."
TIME_LIMIT = "Canceled by JobStateTimeLimit action due to reason: {reason}"
"""https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html"""


def instance_of(job: Job) -> str:
    """The id of the EC2 instance that the job's attempt runs on; of one that nobody knows on Fargate."""
    return ec2_instance_id(job.task.get("containerInstanceArn") or job.id.replace("-", ""))
