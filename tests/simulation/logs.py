"""Amazon CloudWatch Logs: streams of lines, and their client."""

import re
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.faults import client_error
from tests.simulation.kernel import START, Kernel

MOST_EVENTS = 10_000
MOST_BYTES = 1_048_576
"""Of one page; a line counts 26 bytes more than it has:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""
_LINE_BYTES = 26
_TOKEN = re.compile(r"[fb]/(\d{56})/s")
_MILLISECONDS = round(START.timestamp() * 1000)


class Logs:
    """The client."""

    def __init__(self, kernel: Kernel) -> None:
        self.streams: dict[tuple[str, str], list[dict[str, Any]]] = {}
        """The events of each stream, by group and stream."""
        self._kernel = kernel

    def write(self, group: str, stream: str, *lines: str) -> None:
        """Appends lines to a stream, which is made when it is not there."""
        at = _MILLISECONDS + round(self._kernel.now * 1000)
        events = self.streams.setdefault((group, stream), [])
        events.extend({"timestamp": at, "message": line, "ingestionTime": at} for line in lines)

    def get_log_events(
        self,
        *,
        logGroupName: str,  # noqa: N803 - boto3's names
        logStreamName: str,  # noqa: N803
        startFromHead: bool = False,  # noqa: N803
        limit: int = MOST_EVENTS,
        nextToken: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        """Reads a page from a token on, from the first line on, or the last one. A stream ends where the
        token stays the same.
        """

        def read() -> dict[str, Any]:
            events = self.streams.get((logGroupName, logStreamName))
            if events is None:
                said = "The specified log stream does not exist."
                raise client_error("GetLogEvents", "ResourceNotFoundException", 400, said)
            if not 1 <= limit <= MOST_EVENTS:
                raise _invalid("The limit is out of range.")
            start, end = _span(events, limit, nextToken, from_head=startFromHead)
            return {
                "events": events[start:end],
                "nextForwardToken": f"f/{end:056d}/s",
                "nextBackwardToken": f"b/{start:056d}/s",
            }

        return self._kernel.call("logs", "GetLogEvents", read)


def _span(events: list[dict[str, Any]], limit: int, token: str, *, from_head: bool) -> tuple[int, int]:
    """From where to where a page goes."""
    if token:
        found = _TOKEN.fullmatch(token)
        if found is None or int(found[1]) > len(events):
            raise _invalid("The specified nextToken is invalid.")
        from_head, position = token.startswith("f"), int(found[1])
    else:
        position = 0 if from_head else len(events)
    step = 1 if from_head else -1
    size, at = 0, position
    while abs(at - position) < limit and (at < len(events) if from_head else at > 0):
        size += len(events[at if from_head else at - 1]["message"].encode()) + _LINE_BYTES
        if size > MOST_BYTES:
            break
        at += step
    return min(position, at), max(position, at)


def _invalid(said: str) -> ClientError:
    return client_error("GetLogEvents", "InvalidParameterException", 400, said)
