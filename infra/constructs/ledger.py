"""The table of all jobs: one record a job, one claim an idempotency key."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.config.model import Ledger as LedgerConfig
from infra.constructs.acknowledge import accept

INDEXES = {
    f"by_{attribute}": (attribute, "created_at") for attribute in ("day", "status", "profile", "dataset")
}


class Ledger(Construct):
    def __init__(self, scope: Construct, id_: str, *, config: LedgerConfig) -> None:
        super().__init__(scope, id_)
        text = dynamodb.AttributeType.STRING
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=text),
            sort_key=dynamodb.Attribute(name="sk", type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            deletion_protection=config.deletion_protection,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        accept(self.table, {"CKV_AWS_119": "AWS's own key for DynamoDB encrypts it, and costs nothing."})
        for name, (partition, sort) in INDEXES.items():
            self.table.add_global_secondary_index(
                index_name=name,
                partition_key=dynamodb.Attribute(name=partition, type=text),
                sort_key=dynamodb.Attribute(name=sort, type=text),
            )
