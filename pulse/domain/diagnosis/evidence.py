"""What a diagnosis is drawn from, and what a row of its tables may ask of that."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pulse.domain.caller import CANCELLED_THROUGH_PULSE
from pulse.domain.job.record import JobRecord
from pulse.domain.text.redaction import redacted
from pulse.domain.training.exit_codes import MEANINGS

"""What the reason of our own cancellations begins with."""
_UNEXPECTED = 1
_DECIDING_CODES = MEANINGS.keys() - {_UNEXPECTED}
_LINES_READ = 50
_CHARACTERS_READ = 4096
_SHOWN_CHARACTERS = 300
# What IAM says, what a ClientError of botocore says, and what our training says on its last line:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_DENIALS = (
    re.compile(
        r"is not authorized to perform:? (?P<action>[\w-]{1,64}:[\w*]{1,128})"
        r'(?: on resource: (?:"(?P<resource>[^"]{1,512})"|(?P<bare>[^\s"]{1,512})))?'
    ),
    re.compile(
        r"Allow (?P<action>[\w-]{1,64}:[\w*]{1,128}) on (?P<resource>.{1,512}?) to (?P<bare>the job's role)"
    ),
    re.compile(
        r"\((?:AccessDenied(?:Exception)?|403|Forbidden)\) when calling the (?P<action>\w{1,128}) operation"
    ),
)
_ERROR = re.compile(r"(?:Error|Exception)\b|\b(?i:error|critical|fatal|denied)\b")
_LESSER = re.compile(r"\b(?:DEBUG|INFO|WARN|WARNING)\b")
_ROLE = re.compile(r"assumed-role/(?P<role>[\w+=,.@-]{1,64})/")


class Denial(NamedTuple):
    """Which action on which resource was denied to which role; empty where AWS did not say."""

    action: str = ""
    resource: str = ""
    role: str = ""

    @property
    def clause(self) -> str:
        return f": {self._who} may not do {self._what}" if self.action else ""

    @property
    def remedy(self) -> str:
        return f"Allow {self._what} to {self._who}"

    @property
    def _what(self) -> str:
        on = f" on {self.resource}" if self.resource else ""
        return f"{self.action or 'what is missing'}{on}"

    @property
    def _who(self) -> str:
        return f"the role {self.role}" if self.role else "its role"


class Evidence(NamedTuple):
    """`reasons`: what AWS wrote, without the free text of a person who stopped the job. `log`: the last
    lines. `error`: the last of them that reports an error, or else the very last; the job may have
    recovered from those before it. `denial`: the first that AWS reports, or else that of the error.
    """

    record: JobRecord
    reasons: tuple[str, ...]
    log: tuple[str, ...]
    error: str
    denial: Denial


Fits = Callable[[Evidence], bool]


class Row(NamedTuple):
    """`explanation` and `advice` may hold `{denial.clause}` and `{denial.remedy}`. `retry_helps`: the same
    job, tried again at once as it is, may end well.
    """

    fits: Fits
    cause: str
    explanation: str
    advice: str
    retry_helps: bool


def evidence(record: JobRecord, log_lines: Sequence[str]) -> Evidence:
    """What is known of a FAILED job. Of long logs and lines, only the end and the beginning are read."""
    theirs = [record.reason, *([] if is_stopped(record) else [record.status_reason])]
    reasons = tuple(text[:_CHARACTERS_READ] for text in theirs)
    log = tuple(line[:_CHARACTERS_READ] for line in log_lines[-_LINES_READ:])
    error = _error(log)
    return Evidence(record, reasons, log, error, _denial((*reasons, error)))


def is_stopped(record: JobRecord) -> bool:
    """Whether somebody stopped the job. AWS's own time limits are marked in the same way."""
    return record.stopped_by_request or record.status_reason.startswith(CANCELLED_THROUGH_PULSE)


def reason_starts(*beginnings: str, about: tuple[str, ...] = ()) -> Fits:
    """A reason that AWS wrote begins with one of `beginnings`, and holds one of the lower-case words `about`.

    On EC2 the words are the container's reason, on Fargate often the job's status reason: both are read.
    """
    return lambda known: any(
        text.startswith(beginnings) and (not about or any(word in text.lower() for word in about))
        for text in known.reasons
    )


def logs(*words: str) -> Fits:
    """The log holds one of `words`, and the container ended with an exit code that leaves the cause open."""
    return lambda known: _is_open(known) and any(word in line for line in known.log for word in words)


def ends_with(*words: str) -> Fits:
    """The log's last error holds one of `words`, and the exit code leaves the cause open."""
    return lambda known: _is_open(known) and any(word in known.error for word in words)


def exits(*codes: int | None) -> Fits:
    return lambda known: known.record.exit_code in codes


def is_training(known: Evidence) -> bool:
    """The program is our training, and its exit codes are those of the training."""
    return known.record.is_training


def both(*conditions: Fits) -> Fits:
    return lambda known: all(fits(known) for fits in conditions)


def either(*conditions: Fits) -> Fits:
    return lambda known: any(fits(known) for fits in conditions)


def once(known: Evidence) -> bool:
    """The job had no more than one attempt."""
    return known.record.attempts <= 1


def _is_open(known: Evidence) -> bool:
    code = known.record.exit_code
    return (
        bool(code)
        and not (is_training(known) and code in _DECIDING_CODES)
        and known.record.own_meaning is None
    )


def _error(log: Sequence[str]) -> str:
    errors = (line for line in reversed(log) if _ERROR.search(line) and not _LESSER.search(line))
    return next(errors, log[-1] if log else "")


def _denial(texts: Iterable[str]) -> Denial:
    for text in texts:
        for pattern in _DENIALS:
            if found := pattern.search(text):
                named = found.groupdict()
                resource = named.get("resource") or named.get("bare") or ""
                role = _ROLE.search(text)
                return Denial(
                    action=named["action"],
                    resource=redacted(resource.rstrip(".,;)"), _SHOWN_CHARACTERS),
                    role=role["role"] if role else "",
                )
    return Denial()
