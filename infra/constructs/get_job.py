"""get_job: tells of jobs, of one and of its log, of queues and costs, and what the API is for everything else
that is asked.
"""

from collections.abc import Sequence

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.config.model import Functions
from infra.constructs.acknowledge import LOG_STREAMS, acknowledge_wildcards
from infra.constructs.ledger import INDEXES
from infra.constructs.use_case_function import UseCaseFunction
from pulse.settings import Settings


class GetJob(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Functions,
        code: lambda_.Code,
        settings: Settings,
        ledger: dynamodb.ITable,
        training_logs: logs.ILogGroup,
        queue_arns: Sequence[str],
    ) -> None:
        """`training_logs`: what the jobs log to. `queue_arns`: our job queues."""
        super().__init__(scope, id_)
        use_case = UseCaseFunction(
            self,
            "UseCase",
            use_case="get_job",
            config=config,
            code=code,
            settings=settings,
            description="Tells of jobs, their logs, queues and costs, and the API itself",
        )
        self.function = use_case.function
        # A month's costs and the jobs with a tag are partitions of the table itself.
        use_case.allow(["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"], ledger.table_arn)
        use_case.allow(["dynamodb:Query"], *(f"{ledger.table_arn}/index/{index}" for index in INDEXES))
        use_case.allow(["batch:GetJobQueueSnapshot"], *queue_arns)
        # The group's ARN ends with `:*`, which takes in its streams.
        use_case.allow(["logs:GetLogEvents"], training_logs.log_group_arn)
        acknowledge_wildcards(use_case.role, {LOG_STREAMS: "Each attempt logs to a stream of its own."})
