"""Where it shows that IAM denied something: in logs, in AWS Batch's words, in alerts, at the server."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from tests.local.deployment import Deployment, until

T = TypeVar("T")
DENIALS = ("AccessDenied", "is not authorized to perform")
FUNCTIONS = ("SubmitJob", "CancelJob", "GetJob", "OnJobEvent", "SendAlert", "ReconcileJobs")
SECONDS = 60


class Denied(Exception):
    """Raised with the line in which a denial shows."""


@dataclass(frozen=True)
class Watch:
    """From its beginning on denials count: in the logs of functions and jobs, and in the server's."""

    pulse: Deployment
    began: float
    logged: int

    @classmethod
    def begun(cls, pulse: Deployment) -> "Watch":
        return cls(pulse, time.time(), pulse.found.log.stat().st_size)

    def until(self, found: Callable[[], T | None], what: str) -> T:
        """What `found` finds. Raises Denied when a denial shows first, fails when neither comes."""

        def either() -> T | None:
            for line in self.denials():
                raise Denied(line)
            return found()

        return until(either, what, SECONDS)

    def denials(self) -> Iterator[str]:
        """What said so, first the server."""
        with self.pulse.found.log.open() as log:
            log.seek(self.logged)
            yield from filter(_is_denial, log)
        yield from filter(_is_denial, self._log_lines())
        recent = [job for job in self.pulse.all_jobs() if job["createdAt"] / 1000 >= self.began]
        yield from filter(_is_denial, (json.dumps(job, default=str) for job in recent))
        told = [message for word in DENIALS for message in self.pulse.messages(word)]
        new = [m for m in told if datetime.fromisoformat(m["received_at"]).timestamp() >= self.began]
        yield from (json.dumps(message) for message in new)

    def every_function_logged(self) -> bool:
        groups = {name: group for group in self._groups() for name in FUNCTIONS if f"{name}UseCase" in group}
        return groups.keys() == set(FUNCTIONS) and all(map(self._events, groups.values()))

    def _log_lines(self) -> Iterator[str]:
        for group in self._groups():
            yield from self._events(group)

    def _groups(self) -> list[str]:
        return [group["logGroupName"] for group in self.pulse.logs.describe_log_groups()["logGroups"]]

    def _events(self, group: str) -> list[str]:
        found = self.pulse.logs.filter_log_events(logGroupName=group, startTime=int(self.began * 1000))
        return [event["message"] for event in found["events"]]


def _is_denial(line: str) -> bool:
    return any(word in line for word in DENIALS)
