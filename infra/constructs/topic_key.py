"""The key that encrypts what waits in Pulse's topics (decision 3)."""

import aws_cdk as cdk
from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.acknowledge import accept

_USES = ["kms:Decrypt", "kms:GenerateDataKey*"]
"""What a publisher needs: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""


class TopicKey(Construct):
    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.key = kms.Key(
            self,
            "Key",
            description="Pulse: what waits in its topics",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            pending_window=cdk.Duration.days(7),
        )
        self._let_this_account_publish()
        self._let_alarms_publish()
        accept(self.key, {"CKV_AWS_33": "Everybody means this account, through SNS alone: its conditions."})

    def encrypt(self, topic: sns.Topic) -> None:
        """The L2's master key would add the same permissions to each publisher's role once more."""
        resource = topic.node.default_child
        assert isinstance(resource, sns.CfnTopic)  # noqa: S101 - for the type checker
        resource.kms_master_key_id = self.key.key_arn

    def _let_this_account_publish(self) -> None:
        """Whoever may publish to a topic of this account, through SNS and in no other way, as AWS's own key
        `alias/aws/sns` has it: its policy decides nothing that the topic's does not.
        """
        through = {"kms:CallerAccount": Aws.ACCOUNT_ID, "kms:ViaService": f"sns.{Aws.REGION}.amazonaws.com"}
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="PublishersOfThisAccount",
                principals=[iam.AnyPrincipal()],
                actions=_USES,
                resources=["*"],
                conditions={"StringEquals": through},
            )
        )

    def _let_alarms_publish(self) -> None:
        """Without a condition on the alarm: the topic's policy has it, and one that CloudWatch does not meet
        here would silence every alarm.
        """
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=_USES,
                resources=["*"],
            )
        )
