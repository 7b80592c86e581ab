"""Whether a failed attempt is tried again.

https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html: the first rule whose
conditions all match decides; when none matches, the job is retried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localaws.batch.model import Document


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. `exit_code` and `reason` are of the container that decides, `exit_code` None when
    none ran to an end; `final` attempts are never retried (timed out or terminated). Times are milliseconds
    since 1970, UTC.
    """

    exit_code: int | None
    status_reason: str
    stopped_at_ms: int
    reason: str | None = None
    started_at_ms: int | None = None
    final: bool = False

    @property
    def succeeded(self) -> bool:
        return self.exit_code == 0 and not self.final


def tries_again(strategy: Document, attempts_made: int, outcome: Outcome) -> bool:
    """`attempts_made` counts the attempt that ended with this outcome."""
    if outcome.succeeded or outcome.final or attempts_made >= strategy["attempts"]:
        return False
    for rule in strategy["evaluateOnExit"]:
        if _matches(rule, outcome):
            return str(rule["action"]).upper() == "RETRY"
    return True


def _matches(rule: Document, outcome: Outcome) -> bool:
    found = {
        "onExitCode": None if outcome.exit_code is None else str(outcome.exit_code),
        "onReason": outcome.reason or "",
        "onStatusReason": outcome.status_reason,
    }
    return all(_glob(rule[name], value) for name, value in found.items() if name in rule)


def _glob(pattern: str, value: str | None) -> bool:
    if value is None:
        return False
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern
