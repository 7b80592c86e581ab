"""SendMessageBatch and its like are allowed by the action for one message; MiniStack asks for actions that
IAM does not know.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
"""

from typing import Any

from localaws.ministack.patching import wrap

_ACTIONS = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def install() -> None:
    wrap("core.iam_actions.extract_iam_action", _of_one_message)


def _of_one_message(original: Any, *arguments: Any) -> str | None:
    action: str | None = original(*arguments)
    return _ACTIONS.get(action or "", action)
