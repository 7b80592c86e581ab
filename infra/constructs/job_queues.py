"""The job queues: FIFO where nothing is said, fair share where the configuration gives shares."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_batch as batch
from constructs import Construct

from infra.config.compute import FairShare, JobQueue
from infra.constructs.compute_environments import Environment


class JobQueues(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        queues: Mapping[str, JobQueue],
        environments: Mapping[str, Environment],
    ) -> None:
        super().__init__(scope, id_)
        self.by_name = {name: self._queue(name, queue, environments) for name, queue in queues.items()}

    def _queue(self, name: str, queue: JobQueue, environments: Mapping[str, Environment]) -> batch.JobQueue:
        made = batch.JobQueue(
            self,
            name,
            job_queue_name=name,
            priority=queue.priority,
            compute_environments=[
                batch.OrderedComputeEnvironment(compute_environment=environments[each], order=order)
                for order, each in enumerate(queue.environments, start=1)
            ],
            scheduling_policy=self._policy(name, queue.fair_share) if queue.fair_share else None,
        )
        resource = made.node.default_child
        assert isinstance(resource, batch.CfnJobQueue)  # noqa: S101 - for the type checker
        # The L2's enumeration lacks a reason that AWS Batch has.
        resource.job_state_time_limit_actions = [
            batch.CfnJobQueue.JobStateTimeLimitActionProperty(
                action="CANCEL",
                state="RUNNABLE",
                reason=limit.reason,
                max_time_seconds=limit.max_time_seconds,
            )
            for limit in queue.job_state_time_limits
        ]
        return made

    def _policy(self, name: str, fair_share: FairShare) -> batch.FairshareSchedulingPolicy:
        return batch.FairshareSchedulingPolicy(
            self,
            f"{name}-shares",
            share_decay=Duration.seconds(fair_share.share_decay_seconds),
            compute_reservation=fair_share.compute_reservation_percent,
            shares=[
                batch.Share(share_identifier=identifier, weight_factor=weight)
                for identifier, weight in fair_share.shares.items()
            ],
        )
