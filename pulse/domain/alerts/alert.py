"""An alert as a value: what it says. How it looks in an e-mail or in Slack is for the renderings."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from pulse.domain.fault import MAX_LISTED, first
from pulse.domain.request.alerts_wanted import Channel, JobKind
from pulse.domain.text.redaction import redacted, redacted_lines
from pulse.domain.training.warnings import MOST_SHOWN, counted, listed

Kind = JobKind | Literal["REJECTED", "BUDGET"]
Severity = Literal["info", "warning", "error"]

SEVERITIES: dict[Kind, Severity] = {
    "SUBMITTED": "info",
    "STARTED": "info",
    "SUCCEEDED": "info",
    "FAILED": "error",
    "OVERDUE": "warning",
    "BLOCKED": "warning",
    "REJECTED": "warning",
    "BUDGET": "warning",
}

RUNS_AGAIN = "RUNS AGAIN"
HEADLINE_CHARACTERS = 300
REASON_CHARACTERS = 4000
FACT_CHARACTERS = 1200
"""The URI of any object fits, unless its key is written with escapes."""
SENTENCE_CHARACTERS = 200
LOG_CHARACTERS = 240
"""The limit for each of at most 20 lines of the log."""
LAST_LINE_CHARACTERS = 500
"""The limit for the last of them: as much as is left of a line when its secrets are taken out."""


class Fact(Struct, frozen=True):
    """A label and its value, both one printable line."""

    label: str
    value: str


class Link(Struct, frozen=True):
    """An address in the AWS console."""

    label: str
    url: str


class Command(Struct, frozen=True):
    """A line to type in a shell, and what it is for."""

    label: str
    line: str


class Alert(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`about` is the job id or, for a drop that became no job, the object's URI. `headline` is one sentence,
    `reason` what happened and why, `next_step` what to do. `warnings`: what the run says that a person
    must read first, the first 20 of `warnings_count` sentences. `table` has its header in the first row,
    `left_out` a sentence for each thing that the run did not use. `log`: its last lines, without secrets.
    `facts` tell the story, `names` are what one looks things up by.

    An alert travels in four renderings in one SNS message of at most 256 KiB, so whoever makes one cuts
    every text to the limits above.
    """

    kind: Kind
    severity: Severity
    about: str
    headline: str
    reason: str
    next_step: str
    facts: tuple[Fact, ...] = ()
    names: tuple[Fact, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    warnings_count: int = 0
    log: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    links: tuple[Link, ...] = ()
    job_id: str = ""
    batch_job_id: str = ""
    profile: str = ""
    share: str = ""
    cause: str = ""
    muted: tuple[Channel, ...] = ()

    @property
    def title(self) -> str:
        """The kind, and how many warnings there are: `SUCCEEDED, 2 warnings`."""
        return ", ".join(filter(None, [self.shown_as, counted(self.warnings_count)]))

    @property
    def shown_as(self) -> str:
        """The kind as people see it: a job that Pulse submits again has not failed for good."""
        return RUNS_AGAIN if (self.kind, self.severity) == ("FAILED", "warning") else self.kind

    @property
    def read_first(self) -> list[str]:
        """The first three warnings, and how many more there are."""
        return listed(self.warnings, self.warnings_count, MOST_SHOWN)

    @property
    def attributes(self) -> dict[str, str]:
        """What a subscriber filters by: a channel skips what has its `skip_` attribute. SNS refuses empty
        values, so they are left out.
        """
        named = {
            "kind": self.kind,
            "severity": self.severity,
            "profile": self.profile,
            "share": self.share,
        }
        skipped = {f"skip_{channel}": "true" for channel in self.muted}
        return {name: value for name, value in named.items() if value} | skipped


def facts(pairs: Sequence[tuple[str, str]]) -> tuple[Fact, ...]:
    """Facts of the pairs that have a value, without secrets, made printable and cut."""
    return tuple(Fact(label, redacted(value, FACT_CHARACTERS)) for label, value in pairs if value)


def sentences(texts: Sequence[str]) -> tuple[str, ...]:
    """At most 20 of `texts` and how many more there are, each a printable line of at most 200 characters
    without secrets.
    """
    shown = redacted_lines(texts[:MAX_LISTED], SENTENCE_CHARACTERS)
    return tuple(first([*shown, *texts[MAX_LISTED:]]))


def shortened(headline: str, limit: int) -> str:
    """At most `limit` characters: the middle is left out, because what happened stands at the end."""
    if len(headline) <= limit:
        return headline
    end = limit * 2 // 5
    return f"{headline[: limit - end - 1]}…{headline[-end:]}"
