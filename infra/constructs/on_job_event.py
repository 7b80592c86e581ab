"""on_job_event and the events it follows: state changes of our queues' jobs, queues that are blocked, and
jobs that should have ended.
"""

from collections.abc import Callable, Sequence

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.config.model import Functions
from infra.constructs.acknowledge import LOG_STREAMS, acknowledge, acknowledge_wildcards
from infra.constructs.event_queue import EventQueue
from infra.constructs.overdue_schedules import OverdueSchedules
from infra.constructs.use_case_function import UseCaseFunction
from pulse.domain.s3.layout import MANIFEST, METRICS, claim_keys, results_prefix
from pulse.domain.schedule_target import ScheduleTarget
from pulse.settings import Settings

(CLAIMS,) = claim_keys("*", None)
MANIFESTS = results_prefix("*") + MANIFEST
HISTORY = ("by_profile", "by_dataset")
"""The ledger's indexes in which earlier runs are found."""


class OnJobEvent(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Functions,
        code: lambda_.Code,
        settings: Callable[[ScheduleTarget], Settings],
        results_bucket: s3.IBucket,
        ledger: dynamodb.ITable,
        training_logs: logs.ILogGroup,
        metrics_files: Sequence[str] = (METRICS,),
        queue_arns: Sequence[str],
        reruns_queue_arn: str,
        alerts: sns.ITopic,
        alarms: sns.ITopic,
        on_instances: bool,
    ) -> None:
        """`settings`, once it is known where its schedules send. Into `reruns_queue_arn` it puts jobs that
        died of memory and shall be submitted again. `training_logs`: what the jobs log to. `on_instances`:
        some of them run on EC2.
        """
        super().__init__(scope, id_)
        self.queue = EventQueue(self, "Events", consumer=config.on_job_event, alarms=alarms)
        schedules = OverdueSchedules(self, "Overdue", events=self.queue)
        use_case = UseCaseFunction(
            self,
            "UseCase",
            use_case="on_job_event",
            config=config,
            code=code,
            settings=settings(schedules.target),
            description="Records a job's events in the ledger and alerts people",
        )
        self.function = use_case.function
        use_case.allow(
            ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
            ledger.table_arn,
        )
        use_case.allow(["dynamodb:Query"], *(f"{ledger.table_arn}/index/{index}" for index in HISTORY))
        # The group's ARN ends with `:*`, which takes in its streams.
        use_case.allow(["logs:GetLogEvents"], training_logs.log_group_arn)
        use_case.allow(
            ["s3:GetObject"],
            *(results_bucket.arn_for_objects(results_prefix("*") + file) for file in metrics_files),
            results_bucket.arn_for_objects(CLAIMS),
            results_bucket.arn_for_objects(MANIFESTS),
        )
        use_case.allow(["sqs:SendMessage"], reruns_queue_arn)
        use_case.allow(["batch:ListJobs"], "*")
        schedules.allow(use_case)
        acknowledge(
            use_case.role,
            "IAM5[Resource::*]",
            "ListJobs and what describes instances and prices know no resource.",
        )
        if on_instances:
            _allow_instances(use_case)
        alerts.grant_publish(self.function)
        acknowledge_wildcards(
            use_case.role,
            {
                **{
                    f"/{results_prefix('*')}{file}": "Each job writes its metrics below its own id."
                    for file in metrics_files
                },
                f"/{CLAIMS}": "So it does its claim.",
                f"/{MANIFESTS}": "And its manifest.",
                LOG_STREAMS: "Each attempt logs to a stream of its own.",
            },
        )

        self.queue.feed(self.function, max_concurrency=config.on_job_event.max_concurrency)
        self.queue.add_rule(
            "StateChange",
            "State changes of the jobs in Pulse's queues",
            events.EventPattern(
                source=["aws.batch"],
                detail_type=["Batch Job State Change"],
                detail={"jobQueue": list(queue_arns)},
            ),
        )
        self.queue.add_rule(
            "QueueBlocked",
            "Pulse's queues held up by a job that cannot start",
            events.EventPattern(
                source=["aws.batch"], detail_type=["Batch Job Queue Blocked"], resources=list(queue_arns)
            ),
        )


def _allow_instances(use_case: UseCaseFunction) -> None:
    """What an instance is, and what it costs on Spot. AWS Batch names the clusters of its environments."""
    instances = cdk.Stack.of(use_case).format_arn(
        service="ecs", resource="container-instance", resource_name="*"
    )
    use_case.allow(["ecs:DescribeContainerInstances"], instances)
    use_case.allow(["ec2:DescribeInstances", "ec2:DescribeSpotPriceHistory"], "*")
    acknowledge_wildcards(use_case.role, {":container-instance/*": "Instances come and go with the jobs."})
