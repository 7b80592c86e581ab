"""Events on their way to a function: rules fill a queue, the function takes batches from it, and what can
neither be delivered nor handled ends in a dead-letter queue that raises an alarm.
"""

from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.config.model import Consumer
from infra.constructs.acknowledge import accept

MAX_RECEIVES = 5
BATCH_SIZE = 5
"""Handled one after the other in one invocation. When AWS is slow, what is not begun goes back to the queue,
waits for its visibility timeout and has used one of MAX_RECEIVES: a small batch puts back little.
"""
VISIBILITY_FACTOR = 6
"""Times the function's timeout: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""


class EventQueue(Construct):
    def __init__(self, scope: Construct, id_: str, *, consumer: Consumer, alarms: sns.ITopic) -> None:
        super().__init__(scope, id_)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(4),
            visibility_timeout=Duration.seconds(VISIBILITY_FACTOR * consumer.timeout_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MAX_RECEIVES),
        )
        for queue in (self.queue, self.dead_letters):
            accept(queue, {"CKV_AWS_27": "SQS encrypts it with a key of its own (SqsManagedSseEnabled)."})
        self._alarm(alarms)

    def add_rule(self, id_: str, description: str, pattern: events.EventPattern) -> None:
        """Events of `pattern` come here; what cannot be delivered in a day is a dead letter."""
        target = targets.SqsQueue(
            self.queue,
            dead_letter_queue=self.dead_letters,
            max_event_age=Duration.hours(24),
            retry_attempts=185,
        )
        events.Rule(self, id_, description=description, event_pattern=pattern, targets=[target])

    def feed(self, function: lambda_.IFunction, *, max_concurrency: int) -> None:
        function.add_event_source(
            sources.SqsEventSource(
                self.queue,
                batch_size=BATCH_SIZE,
                max_concurrency=max_concurrency,
                report_batch_item_failures=True,
            )
        )

    def _alarm(self, alarms: sns.ITopic) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "DeadLettersAlarm",
            alarm_name=f"{Stack.of(self).stack_name}: {self.node.id} queue, dead letters",
            alarm_description=f"{self.node.path}: events that could not be handled wait in the dead-letter "
            "queue. Read one and repair its cause; then `pulse queue redrive` has them handled again.",
            metric=self.dead_letters.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(1), statistic="max"
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(alarms))


def prefixes(values: Sequence[str]) -> list[dict[str, str]]:
    """An event pattern's condition: any of these prefixes."""
    return [{"prefix": value} for value in values]
