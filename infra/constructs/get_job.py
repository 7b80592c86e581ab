"""get_job: tells of a job for GET /jobs/{id}, and what the API is for everything else that is asked of it."""

from collections.abc import Mapping

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.config_model import Functions
from infra.constructs.use_case_function import UseCaseFunction


class GetJob(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Functions,
        code: lambda_.Code,
        environment: Mapping[str, str],
        ledger: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, id_)
        use_case = UseCaseFunction(
            self,
            "UseCase",
            use_case="get_job",
            config=config,
            code=code,
            environment=environment,
            description="Tells of a job and of the API itself",
        )
        self.function = use_case.function
        use_case.allow(["dynamodb:GetItem"], ledger.table_arn)
