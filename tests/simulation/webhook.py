"""Slack's end of a webhook, in place of pulse.aws.webhook.Webhook: takes what is posted, or does not.

What the kernel draws for a call becomes what Slack or the network does: refused for now is a 429 with
Retry-After, a server error a 500, and no answer NotDelivered, whether or not the message was posted.
"""

from dataclasses import dataclass
from http import HTTPStatus

from botocore.exceptions import BotoCoreError, ClientError

from pulse.aws.webhook import Answer
from pulse.domain.errors import NotDelivered
from tests.simulation.kernel import Kernel

_LONGEST_PAUSE_SECONDS = 30


@dataclass(frozen=True)
class Post:
    """One message in the channel. `at`: seconds since the start."""

    at: float
    url: str
    body: bytes


class Webhook:
    def __init__(self, kernel: Kernel) -> None:
        self.posts: list[Post] = []
        """What stands in the channel."""
        self._kernel = kernel

    def post(self, url: str, body: bytes) -> Answer:
        """Raises NotDelivered when no answer comes."""

        def take() -> Answer:
            self.posts.append(Post(self._kernel.now, url, body))
            return Answer(status=HTTPStatus.OK, text="ok")

        try:
            return self._kernel.call("slack", "POST", take, once=True)
        except BotoCoreError as error:
            raise NotDelivered(f"The webhook's host did not answer: {type(error).__name__}.") from None
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return Answer(status=HTTPStatus.INTERNAL_SERVER_ERROR, text="rollup_error")
            seconds = 1 + self._kernel.drawn("slack", body) % _LONGEST_PAUSE_SECONDS
            return Answer(
                status=HTTPStatus.TOO_MANY_REQUESTS, retry_after_seconds=seconds, text="rate_limited"
            )
