"""The topic that carries every alert, and the people who read it by e-mail or through Amazon Q Developer."""

from aws_cdk import Annotations, Aws
from aws_cdk import aws_chatbot as chatbot
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.config_model import Alerts as AlertsConfig


class Alerts(Construct):
    def __init__(self, scope: Construct, id_: str, *, config: AlertsConfig) -> None:
        super().__init__(scope, id_)
        self.topic = sns.Topic(self, "Topic", display_name="Pulse", enforce_ssl=True)
        self._let_alarms_publish()
        if not config.alarms_are_heard:
            Annotations.of(self).add_warning_v2(
                "Pulse:NobodyIsTold",
                "Nobody hears of failed jobs or of events that could not be handled: set alerts.emails.",
            )
        for address in config.emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(address))
        if config.amazon_q:
            chatbot.SlackChannelConfiguration(
                self,
                "AmazonQ",
                slack_channel_configuration_name=f"{Aws.STACK_NAME}-alerts",
                slack_workspace_id=config.amazon_q.workspace_id,
                slack_channel_id=config.amazon_q.channel_id,
                notification_topics=[self.topic],
                # It tells, it does not act: without guardrails the channel could do whatever its role may.
                guardrail_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AWSDenyAll")],
            )

    def _let_alarms_publish(self) -> None:
        """A topic with a policy of its own has lost the default one, by which alarms publish."""
        alarms = f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:*"
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": alarms},
                },
            )
        )
