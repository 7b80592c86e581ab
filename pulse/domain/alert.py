"""Alert: what a person is told, as a value. How it looks in an e-mail or in Slack is for the renderings."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from pulse.domain.fault import printable

Kind = Literal["SUCCEEDED", "FAILED", "REJECTED"]
Severity = Literal["info", "warning", "error"]

SEVERITIES: dict[Kind, Severity] = {"SUCCEEDED": "info", "FAILED": "error", "REJECTED": "warning"}


class Fact(Struct, frozen=True):
    """A label and its value, both one printable line."""

    label: str
    value: str


class Link(Struct, frozen=True):
    """An address in the AWS console."""

    label: str
    url: str


class Alert(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`about` is the job id or, for a drop that became no job, the object's URI. `headline` is one sentence,
    `reason` what happened and why, `next_step` what to do. `table` has its header in the first row.
    """

    kind: Kind
    severity: Severity
    about: str
    headline: str
    reason: str
    next_step: str
    facts: tuple[Fact, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    links: tuple[Link, ...] = ()
    job_id: str = ""
    batch_job_id: str = ""
    profile: str = ""
    cause: str = ""

    @property
    def attributes(self) -> dict[str, str]:
        """What a subscriber filters by. SNS refuses empty values, so they are left out."""
        named = {"kind": self.kind, "severity": self.severity, "profile": self.profile}
        return {name: value for name, value in named.items() if value}


def facts(pairs: Sequence[tuple[str, str]]) -> tuple[Fact, ...]:
    """Facts of the pairs that have a value, made printable."""
    return tuple(Fact(label, printable(value)) for label, value in pairs if value)
