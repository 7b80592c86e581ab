"""cancel_job: ends a job that nobody wants any more, for POST /jobs/{id}/cancel."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.config.model import Functions
from infra.constructs.acknowledge import acknowledge, acknowledge_wildcards
from infra.constructs.submit_job import NAMES
from infra.constructs.use_case_function import UseCaseFunction
from pulse.settings import Settings


class CancelJob(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Functions,
        code: lambda_.Code,
        settings: Settings,
        ledger: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, id_)
        use_case = UseCaseFunction(
            self,
            "UseCase",
            use_case="cancel_job",
            config=config,
            code=code,
            settings=settings,
            description="Ends a job in AWS Batch",
        )
        self.function = use_case.function
        jobs = cdk.Stack.of(self).format_arn(service="batch", resource="job", resource_name="*")
        use_case.allow(["batch:TerminateJob"], jobs)
        use_case.allow(["batch:DescribeJobs"], "*")
        use_case.allow(["dynamodb:GetItem"], ledger.table_arn)
        use_case.allow(["dynamodb:Query"], f"{ledger.table_arn}/index/{NAMES}")
        acknowledge(use_case.role, "IAM5[Resource::*]", "DescribeJobs knows no resource.")
        acknowledge_wildcards(use_case.role, {":job/*": "A job's id is AWS Batch's answer."})
