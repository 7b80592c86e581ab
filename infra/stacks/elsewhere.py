"""What the other stacks have, as the stack of the functions knows it."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_logs as logs
from constructs import Construct
from msgspec import to_builtins

from infra.config.model import Config
from infra.constructs.read_once import ReadOnce
from infra.stacks.compute import ComputeStack
from infra.stacks.storage import StorageStack


class Elsewhere(Construct):
    """Only what CloudFormation or AWS Batch names is read; what the configuration names is not."""

    def __init__(
        self, scope: Construct, id_: str, *, config: Config, storage: StorageStack, compute: ComputeStack
    ) -> None:
        super().__init__(scope, id_)
        read = ReadOnce(self, "Read")
        contents = compute.training.contents()
        self.ledger = dynamodb.Table.from_table_name(
            self, "Ledger", read.value("LedgerTable", storage.ledger.table_name, changes_with=None)
        )
        self.data_bucket = read.bucket("Data", storage.data_bucket, config.buckets.data)
        self.results_bucket = read.bucket("Results", storage.results_bucket, config.buckets.results)
        self.training_logs = logs.LogGroup.from_log_group_name(
            self,
            "TrainingLogs",
            read.value("TrainingLogs", compute.training.log_group.log_group_name, changes_with=None),
        )
        self.definition_arns = {
            platform: read.value(
                f"{platform.title()}Definition", one.job_definition_arn, changes_with=contents
            )
            for platform, one in compute.definitions.items()
        }
        self.fargate_environments = {
            name: read.value(
                f"{_title(name)}Environment",
                compute.environments[name].compute_environment_name,
                changes_with=to_builtins([config.compute_environments[name], config.network, config.tags]),
            )
            for name in config.fargate_environments
        }
        stack = cdk.Stack.of(self)
        self.queue_arns = {
            name: stack.format_arn(service="batch", resource="job-queue", resource_name=name)
            for name in config.queues
        }


def _title(name: str) -> str:
    return name.title().replace("-", "").replace("_", "")
