"""SQS dead-letter queues: how much waits in them, and the way back.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
"""

import boto3

from pulse.aws.errors import as_domain_errors
from pulse.domain.errors import Misconfigured

_UNDER_WAY = "RUNNING"


class DeadLetters:
    """Needs `sqs:GetQueueUrl`, `sqs:GetQueueAttributes`, `sqs:ListDeadLetterSourceQueues`,
    `sqs:ListMessageMoveTasks`, `sqs:StartMessageMoveTask`, `sqs:ReceiveMessage` and `sqs:DeleteMessage` on
    the dead-letter queue, `sqs:GetQueueAttributes` and `sqs:SendMessage` on the queue it belongs to.
    """

    def __init__(self, session: boto3.Session, arn: str) -> None:
        self.arn = arn
        self.name, self._account = arn.rpartition(":")[2], arn.split(":")[4]
        with as_domain_errors("Connecting to SQS"):
            self._client = session.client("sqs")

    def waiting(self) -> int:
        """About how many messages it holds, those that somebody looks at just now included.

        Raises Misconfigured when denied or when there is no such queue, Unavailable.
        """
        with as_domain_errors(f"Counting the messages of {self.name}"):
            attributes = self._client.get_queue_attributes(
                QueueUrl=self._url(),
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )["Attributes"]
        return sum(int(count) for count in attributes.values())

    def redrive(self) -> bool:
        """Starts to move all messages to the queue this one belongs to; False when that is under way already.

        The destination is named, because what EventBridge put here remembers no source queue and would stay.
        Raises Misconfigured when denied or when it belongs to no or to several queues, Unavailable.
        """
        with as_domain_errors(f"Moving the messages of {self.name} back"):
            urls = self._client.list_dead_letter_source_queues(QueueUrl=self._url())["queueUrls"]
            if len(urls) != 1:
                raise Misconfigured(
                    f"{self.name} is the dead-letter queue of {len(urls)} queues; its messages can be moved "
                    "back only when it is that of one. Nothing was moved."
                )
            attributes = self._client.get_queue_attributes(QueueUrl=urls[0], AttributeNames=["QueueArn"])
            last = self._client.list_message_move_tasks(SourceArn=self.arn, MaxResults=1)["Results"]
            # SQS takes one task a queue at a time.
            if last and last[0].get("Status") == _UNDER_WAY:
                return False
            self._client.start_message_move_task(
                SourceArn=self.arn, DestinationArn=attributes["Attributes"]["QueueArn"]
            )
        return True

    def _url(self) -> str:
        return self._client.get_queue_url(QueueName=self.name, QueueOwnerAWSAccountId=self._account)[
            "QueueUrl"
        ]
