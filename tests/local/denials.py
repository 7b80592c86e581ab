"""Where it shows that IAM denied something: in logs, in AWS Batch's words, in alerts, at the server."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from tests.local.deployment import Deployment, until
from tests.local.iam_statements import Missing, Statement

T = TypeVar("T")
FUNCTIONS = ("SubmitJob", "CancelJob", "GetJob", "OnJobEvent", "SendAlert", "ReconcileJobs")
SECONDS = 180
PAUSE_SECONDS = 0.2
"""Looking takes the processors that the jobs train on."""
_DENIED = re.compile(r"assumed-role/([^/]+)/\S+ is not authorized to perform: ([\w:]+)")


class Denied(Exception):
    """Raised with the line in which a denial shows. `lacking`: the missing statements that would allow it."""

    def __init__(self, line: str, lacking: list[Statement]) -> None:
        self.lacking = lacking
        super().__init__(line)


@dataclass(frozen=True)
class Seen:
    """What there is to see since a moment, each asked for when it is first wanted."""

    pulse: Deployment
    since: float
    logged: int

    @cached_property
    def server(self) -> list[str]:
        with self.pulse.found.log.open() as log:
            log.seek(self.logged)
            return log.readlines()

    @cached_property
    def lines(self) -> dict[str, list[str]]:
        """Of functions and jobs, by log group."""
        groups = self.pulse.logs.describe_log_groups()["logGroups"]
        return {group["logGroupName"]: self._events(group["logGroupName"]) for group in groups}

    @cached_property
    def jobs(self) -> list[dict[str, Any]]:
        return self.pulse.all_jobs(self.since)

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        received = self.pulse.inbox()
        return [m for m in received if datetime.fromisoformat(m["received_at"]).timestamp() >= self.since]

    def is_told(self, words: str, channel: str) -> bool:
        return any(words in json.dumps(m) and m["channel"] == channel for m in self.messages)

    def not_told(self, words: str, *channels: str) -> list[str]:
        return [f"{channel} about {words}" for channel in channels if not self.is_told(words, channel)]

    def every_function_logged(self) -> bool:
        logged = [group for group, lines in self.lines.items() if lines]
        return all(any(f"{name}UseCase" in group for group in logged) for name in FUNCTIONS)

    def texts(self) -> Iterator[str]:
        """All of it, what is quickest to have first."""
        yield from self.server
        for lines in self.lines.values():
            yield from lines
        yield from (json.dumps(job, default=str) for job in self.jobs)
        yield from map(json.dumps, self.messages)

    def _events(self, group: str) -> list[str]:
        found = self.pulse.logs.filter_log_events(logGroupName=group, startTime=int(self.since * 1000))
        return [event["message"] for event in found["events"]]


@dataclass(frozen=True)
class Watch:
    """From its beginning on denials count: those for want of what is `missing`, or all when that is None."""

    pulse: Deployment
    missing: Missing | None
    began: float
    logged: int

    @classmethod
    def begun(cls, pulse: Deployment, missing: Missing | None = None) -> "Watch":
        return cls(pulse, missing, time.time(), pulse.found.log.stat().st_size)

    def until(self, found: Callable[[Seen], T | None], what: str) -> T:
        """What `found` finds. Raises Denied when a denial shows first, fails when neither comes."""

        def either() -> T | None:
            seen = Seen(self.pulse, self.began, self.logged)
            if denial := self._denial(seen):
                raise denial
            return found(seen)

        return until(either, what, SECONDS, PAUSE_SECONDS)

    def _denial(self, seen: Seen) -> Denied | None:
        if self.missing is None:
            return next((Denied(text, []) for text in seen.texts() if _is_denial(text)), None)
        for text in seen.texts():
            if lacking := [one for named in _DENIED.findall(text) for one in self.missing.allowing(*named)]:
                return Denied(text, lacking)
        return None


def _is_denial(text: str) -> bool:
    return "AccessDenied" in text or bool(_DENIED.search(text))
