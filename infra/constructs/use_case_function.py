"""A function that serves one use case, with a role and a log group of its own."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.config.function_settings import variables
from infra.config.model import Functions
from infra.constructs.acknowledge import ENCRYPTED_LOGS, accept, acknowledge
from infra.constructs.log_retention import retention
from pulse.settings import Settings

_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}
_NEWEST = "python3.14"
_ACCEPTED = {
    "CKV_AWS_115": "A reserved concurrency is taken from the account's other functions.",
    "CKV_AWS_116": "What fails waits in the queue that called it, which has dead letters.",
    "CKV_AWS_117": "It calls AWS's public endpoints only, and nothing inside a VPC.",
    "CKV_AWS_173": "Its variables are names and limits, no secrets; Lambda encrypts them with its own key.",
}


class UseCaseFunction(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        use_case: str,
        config: Functions,
        code: lambda_.Code,
        settings: Settings,
        description: str,
    ) -> None:
        """`use_case` is a module of `lambdas/` and its section in the configuration."""
        super().__init__(scope, id_)
        size = getattr(config, use_case)
        log_group = logs.LogGroup(
            self, "Logs", retention=retention(config.log_retention_days), removal_policy=RemovalPolicy.DESTROY
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What {use_case} may do",
        )
        log_group.grant_write(self.role)  # AWSLambdaBasicExecutionRole would allow every log group
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=lambda_.Runtime(config.runtime, lambda_.RuntimeFamily.PYTHON),
            architecture=_ARCHITECTURES[config.architecture],
            handler=f"lambdas.{use_case}.handler",
            code=code,
            memory_size=size.memory_mib,
            timeout=Duration.seconds(size.timeout_seconds),
            role=self.role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE if config.tracing else lambda_.Tracing.DISABLED,
            environment={"POWERTOOLS_LOG_LEVEL": config.log_level, **variables(settings, use_case)},
        )
        accept(log_group, ENCRYPTED_LOGS)
        accept(self.function, _ACCEPTED)
        if config.runtime != _NEWEST:
            acknowledge(self.function, "L1", f"{config.runtime} is the configuration's choice.")
        if config.tracing:
            acknowledge(self.role, "IAM5[Resource::*]", "AWS X-Ray's two actions know no resource.")

    def allow(self, actions: Sequence[str], *resources: str) -> None:
        """Exactly these actions on exactly these ARNs, where a construct's own grant would allow more."""
        iam.Grant.add_to_principal(
            grantee=self.function, actions=list(actions), resource_arns=list(resources)
        )
