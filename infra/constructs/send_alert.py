"""send_alert: takes alerts from the topic to Slack. Deployed only where Slack is configured."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.config.alerts import Slack
from infra.config.model import Functions
from infra.constructs.alerts import unless_muted
from infra.constructs.event_queue import EventQueue
from infra.constructs.use_case_function import UseCaseFunction
from pulse.settings import Settings


class SendAlert(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Functions,
        code: lambda_.Code,
        settings: Settings,
        slack: Slack,
        alerts: sns.ITopic,
        alarms: sns.ITopic,
    ) -> None:
        super().__init__(scope, id_)
        use_case = UseCaseFunction(
            self,
            "UseCase",
            use_case="send_alert",
            config=config,
            code=code,
            settings=settings,
            description="Sends alerts to Slack",
        )
        self.function = use_case.function
        # A secret's ARN ends in six characters of its own: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
        secret = cdk.Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{slack.webhook_secret}-??????",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        use_case.allow(["secretsmanager:GetSecretValue"], secret)

        self.queue = EventQueue(self, "Alerts", consumer=config.send_alert, alarms=alarms)
        self.queue.feed(self.function, max_concurrency=config.send_alert.max_concurrency)
        alerts.add_subscription(
            subscriptions.SqsSubscription(
                self.queue.queue,
                raw_message_delivery=True,
                dead_letter_queue=self.queue.dead_letters,
                filter_policy=unless_muted("slack"),
            )
        )
