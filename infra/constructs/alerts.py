"""The topic of Pulse's alerts and the topic of CloudWatch's alarms, and the people who read them by e-mail or
through Amazon Q Developer.

They are two, because a person can mute a channel for a job's alerts: the filter that leaves those out would
leave out alarms as well, which have no attributes. https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
"""

from aws_cdk import Annotations, Aws
from aws_cdk import aws_chatbot as chatbot
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.config.alerts import Alerts as AlertsConfig
from infra.constructs.acknowledge import accept
from infra.constructs.topic_key import TopicKey
from pulse.domain.request.alerts_wanted import Channel


class Alerts(Construct):
    def __init__(self, scope: Construct, id_: str, *, config: AlertsConfig, sender: str) -> None:
        super().__init__(scope, id_)
        self.topic = sns.Topic(self, "Topic", display_name=sender, enforce_ssl=True)
        self.alarms = sns.Topic(self, "Alarms", display_name=f"{sender} alarms", enforce_ssl=True)
        self._let_alarms_publish()
        key = TopicKey(self, "TopicKey") if config.encrypt_topics else None
        for topic in (self.topic, self.alarms):
            if key:
                key.encrypt(topic)
            else:
                accept(topic, {"CKV_AWS_26": "The configuration does without a key (decision 3)."})
        if not config.alarms_are_heard:
            Annotations.of(self).add_warning_v2(
                "Pulse:NobodyIsTold",
                "Nobody is alerted of failed jobs or of events that could not be handled: set alerts.emails.",
            )
        for address in config.emails:
            self.topic.add_subscription(
                subscriptions.EmailSubscription(address, filter_policy=unless_muted("email"))
            )
            self.alarms.add_subscription(subscriptions.EmailSubscription(address))
        if config.amazon_q:
            chatbot.SlackChannelConfiguration(
                self,
                "AmazonQ",
                slack_channel_configuration_name=f"{Aws.STACK_NAME}-alerts",
                slack_workspace_id=config.amazon_q.workspace_id,
                slack_channel_id=config.amazon_q.channel_id,
                notification_topics=[self.topic, self.alarms],
                # It tells, it does not act: without guardrails the channel could do whatever its role may.
                guardrail_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AWSDenyAll")],
            )

    def _let_alarms_publish(self) -> None:
        """A topic with a policy of its own has lost the default one, by which alarms publish."""
        alarms = f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:*"
        self.alarms.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.alarms.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": alarms},
                },
            )
        )


def unless_muted(channel: Channel) -> dict[str, sns.SubscriptionFilter]:
    """Alerts that whoever asked for the job has not muted in this channel."""
    return {f"skip_{channel}": sns.SubscriptionFilter.not_exists_filter()}
