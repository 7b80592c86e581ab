"""CloudWatch Logs: the lines of one stream, from its beginning on, or the last ones."""

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pulse.aws.errors import as_domain_errors, code
from pulse.domain.errors import InvalidCall
from pulse.domain.views.log import Line, StreamPage
from pulse.domain.views.tokens import fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_logs import CloudWatchLogsClient


class Logs:
    """Needs `logs:GetLogEvents` on the streams. `make` makes the client when it is first wanted."""

    def __init__(self, make: "Callable[[], CloudWatchLogsClient]") -> None:
        self._make = make

    @cached_property
    def _client(self) -> "CloudWatchLogsClient":
        return self._make()

    def read(self, group: str, stream: str, *, most: int, token: str) -> StreamPage | None:
        """The next lines, the oldest first; None when there is no such stream. `token`: empty at first.

        The end is where the token stays the same:
        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html

        Raises InvalidCall for a token that CloudWatch does not know, Unavailable, Misconfigured.
        """
        more: dict[str, Any] = {"nextToken": token} if token else {}
        with as_domain_errors("Reading a log"):
            try:
                answer: Any = self._client.get_log_events(
                    logGroupName=group, logStreamName=stream, startFromHead=True, limit=most, **more
                )
            except ClientError as error:
                if code(error) == "ResourceNotFoundException":
                    return None
                if code(error) == "InvalidParameterException" and token:
                    raise InvalidCall([fault(token)]) from error
                raise
        return StreamPage(_lines(answer), answer["nextForwardToken"])

    def last(self, group: str, stream: str, *, most: int) -> tuple[Line, ...]:
        """The last lines, the oldest first; none when there is no such stream. Raises Unavailable,
        Misconfigured.
        """
        with as_domain_errors("Reading the end of a log"):
            try:
                answer: Any = self._client.get_log_events(
                    logGroupName=group, logStreamName=stream, startFromHead=False, limit=most
                )
            except ClientError as error:
                if code(error) == "ResourceNotFoundException":
                    return ()
                raise
        return _lines(answer)


def _lines(answer: Any) -> tuple[Line, ...]:
    return tuple(
        Line(datetime.fromtimestamp(event["timestamp"] / 1000, UTC), event["message"])
        for event in answer["events"]
    )
