"""The record of a demo: all events, answers, alerts and times of its two jobs, without account ids and
credentials. docs/demo-record.md describes the format.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from pulse.domain.fault import Fault, join
from pulse.domain.job.status import TERMINAL, position
from pulse.domain.parsing.json_text import NotJson, decode
from pulse.domain.text.redaction import MARKER, redacted, redacted_lines
from pulse.domain.validation import InvalidInput, convert

FORMAT = 1
ACCOUNT = "ACCOUNT"
"""Stands where an account id stood."""
_ACCOUNT_ID = re.compile(r"(?<![0-9A-Za-z])[0-9]{12}(?![0-9A-Za-z])")
_TEXT_CHARACTERS = 8000
_WHAT = "the record of the demo"


Moment = Annotated[datetime, Meta(tz=True, description="a time with its zone")]


class Event(Struct, frozen=True, forbid_unknown_fields=True):
    """`body`: the envelope as EventBridge delivered it. `arrived_at`: when SQS took it."""

    arrived_at: Moment
    body: dict[str, Any]

    @property
    def state(self) -> str:
        """The status, and from the second attempt on which attempt: `RUNNING`, `RUNNING 2`."""
        detail = self.body["detail"]
        attempts = 0 if detail["status"] in TERMINAL else len(detail.get("attempts", []))
        return f"{detail['status']} {attempts + 1}" if attempts else str(detail["status"])

    @property
    def position(self) -> int:
        detail = self.body["detail"]
        return position(detail["status"], len(detail.get("attempts", [])))

    @property
    def happened_at(self) -> datetime:
        """As AWS tells it, in whole seconds."""
        return datetime.fromisoformat(self.body["time"]).astimezone(UTC)


class SentAlert(Struct, frozen=True, forbid_unknown_fields=True):
    """`body`: the alert as Pulse's own queue gets it; `attributes`: what subscribers filter by."""

    arrived_at: Moment
    attributes: dict[str, Any]
    body: dict[str, Any]


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """What the API answered to `call`."""

    call: str
    status: int
    body: dict[str, Any]


class ResultFile(Struct, frozen=True, forbid_unknown_fields=True):
    """`name`: its key below the job's results."""

    name: str
    size_bytes: int
    written_at: Moment


class JobStory(Struct, frozen=True, forbid_unknown_fields=True):
    """What was seen of one job. `moments`: when it was asked for, submitted, and so on: the hops lie between
    them.
    """

    moments: dict[str, Moment]
    events: list[Event]
    alerts: list[SentAlert]
    answers: list[Answer]
    results: list[ResultFile]
    metrics: dict[str, Any]


class DemoRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """`of`: `local`, or the name of the environment. `jobs`: by how each was asked for, `drop` and `API`."""

    format: Annotated[int, Meta(ge=FORMAT, le=FORMAT, description=f"{FORMAT}, the format of this version")]
    of: str
    jobs: dict[str, JobStory] = field(default_factory=dict)


def to_json(record: DemoRecord) -> str:
    """Indented JSON, with account ids and secrets taken out."""
    content = anonymous(msgspec.to_builtins(record))
    return msgspec.json.format(msgspec.json.encode(content), indent=1).decode() + "\n"


def from_json(content: bytes) -> DemoRecord:
    """Raises InvalidInput with every fault, also when an event has no status, attempts or time as AWS gives
    them.
    """
    try:
        record = convert(decode(content), DemoRecord, what=_WHAT)
    except NotJson as error:
        raise InvalidInput([Fault("the whole", "JSON", str(error))], _WHAT) from error
    for door, job in record.jobs.items():
        for index, event in enumerate(job.events):
            try:
                _ = event.state, event.position, event.happened_at
            except (LookupError, TypeError, ValueError) as error:
                path = f"jobs.{door}.events[{index}].body"
                raise InvalidInput([Fault(path, "a Batch Job State Change", repr(error))], _WHAT) from error
    return record


def anonymous(value: Any, name: str = "") -> Any:
    """The same JSON value without account ids and secrets; `name`: under which it stands."""
    match value:
        case dict():
            label = value.get("name", "")
            return {
                key: anonymous(item, str(label) if key == "value" and label else key)
                for key, item in value.items()
            }
        case list():
            return [anonymous(item, name) for item in value]
        case str():
            return _anonymous_text(value, name)
    return value


def _anonymous_text(text: str, name: str) -> str:
    if MARKER in redacted(f"{name}=value") and text:
        return MARKER
    lines = redacted_lines(text.split("\n"), _TEXT_CHARACTERS)
    return _ACCOUNT_ID.sub(ACCOUNT, "\n".join(lines))


def account_ids(value: Any, path: str = "") -> Iterator[str]:
    """The paths of texts in which an account id is left."""
    match value:
        case dict():
            for key, item in value.items():
                yield from account_ids(item, join(path, str(key)))
        case list():
            for index, item in enumerate(value):
                yield from account_ids(item, f"{path}[{index}]")
        case str() if _ACCOUNT_ID.search(value):
            yield path
