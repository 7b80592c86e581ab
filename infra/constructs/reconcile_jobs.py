"""reconcile_jobs and the clock that calls it: the ledger compared with AWS Batch, every few minutes."""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.config.model import Functions
from infra.constructs.acknowledge import acknowledge
from infra.constructs.use_case_function import UseCaseFunction
from pulse.settings import Settings


class ReconcileJobs(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Functions,
        code: lambda_.Code,
        settings: Settings,
        every: Duration,
        ledger: dynamodb.ITable,
        job_events_arn: str,
        submissions_arn: str,
    ) -> None:
        """What it finds goes into the queues `job_events_arn`, of on_job_event, and `submissions_arn`, of
        submit_job.
        """
        super().__init__(scope, id_)
        use_case = UseCaseFunction(
            self,
            "UseCase",
            use_case="reconcile_jobs",
            config=config,
            code=code,
            settings=settings,
            description="Compares the ledger with AWS Batch and repairs what a lost event left behind",
        )
        self.function = use_case.function
        use_case.allow(["dynamodb:Query"], f"{ledger.table_arn}/index/by_status")
        use_case.allow(["dynamodb:GetItem", "dynamodb:Query"], ledger.table_arn)
        use_case.allow(["batch:DescribeJobs"], "*")
        use_case.allow(["sqs:SendMessage"], job_events_arn, submissions_arn)
        acknowledge(use_case.role, "IAM5[Resource::*]", "DescribeJobs knows no resource.")
        events.Rule(
            self,
            "Clock",
            description="When the ledger is compared with AWS Batch",
            schedule=events.Schedule.rate(every),
            # Of a run that fails, the next one finds everything.
            targets=[targets.LambdaFunction(self.function, retry_attempts=0)],
        )
