"""AWS Batch: its jobs, its queues, and the EC2 instances under them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from pulse.domain.cost.instances import Instance, SpotPrice
from pulse.domain.views.queue import Snapshot


class Instances(Protocol):
    def find(self, container_instance: str) -> Instance | None:
        """What runs under a container instance of Amazon ECS, by its ARN; None when it is gone."""

    def spot_prices(self, instance: Instance, since: datetime, until: datetime) -> list[SpotPrice]:
        """Lists the prices of such instances in the zone, from the one that held at `since` on."""


class Batch(Protocol):
    def find(self, queue_arn: str, job_name: str) -> list[str]:
        """The ids of the queue's jobs of this name in any state, the oldest first."""

    def stop(self, batch_job_id: str, reason: str) -> None:
        """Ends a job in any state; one that has ended stays as it is."""

    def describe(self, batch_job_ids: Sequence[str]) -> list[dict[str, Any]]:
        """DescribeJobs' JobDetail of at most 100 jobs; those that it does not know are left out."""

    def submit(self, parameters: dict[str, Any]) -> str:
        """Calls SubmitJob exactly once and returns AWS Batch's job id.

        Raises NotAccepted, RefusedByBatch or Misconfigured when the job was surely not taken, and
        OutcomeUnknown when it may have been.
        """


class JobQueues(Protocol):
    def snapshot(self, queue_arn: str) -> Snapshot:
        """Who stands at the front of a job queue, and what is in use."""
