"""A page of a job's log: the streams of its attempts, one after the other, and where it goes on."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from pulse.domain.errors import InvalidCall
from pulse.domain.fault import Fault, shown
from pulse.domain.job.record import JobRecord
from pulse.domain.request.batch_limits import MAX_ARRAY_SIZE
from pulse.domain.views import tokens

DEFAULT_LINES, MAX_LINES = 200, 1000
_INDEX = re.compile(r"[0-9]{1,4}\Z")
LINE_CHARACTERS = 2000
"""A longer line is cut."""


class LogPosition(Struct, frozen=True, forbid_unknown_fields=True):
    """`token`: CloudWatch's own, empty at the beginning of the stream."""

    stream: str
    token: Annotated[str, Meta(pattern=r"\A[!-~]{0,256}\Z")] = ""


class Line(Struct, frozen=True):
    at: datetime
    text: str


class StreamPage(Struct, frozen=True):
    """`token`: for what follows; the one that was asked with when nothing does so far."""

    lines: tuple[Line, ...]
    token: str


class LogPage(Struct, frozen=True):
    """`next`: None when there is nothing more so far."""

    lines: tuple[Line, ...]
    next: LogPosition | None


class WantedLines(Struct, frozen=True):
    """`child`: the index of the one of an array whose log is wanted."""

    limit: int
    position: LogPosition | None
    child: int | None


def wanted(query: Mapping[str, str]) -> WantedLines:
    """What a call's query parameters ask for. Raises InvalidCall with every fault."""
    faults: list[Fault] = []
    limit = tokens.limit(query, DEFAULT_LINES, MAX_LINES, faults)
    position = tokens.decoded(query["next"], LogPosition) if "next" in query else None
    if "next" in query and position is None:
        faults.append(tokens.fault(query["next"]))
    child = query.get("child")
    if child is not None and not _INDEX.match(child):
        faults.append(Fault("child", f"an index, 0 to {MAX_ARRAY_SIZE - 1}", shown(child)))
    if faults:
        raise InvalidCall(faults)
    return WantedLines(limit, position, None if child is None else int(child))


def streams(record: JobRecord) -> list[str]:
    """The log streams of a job's attempts, the first first."""
    named = [*(attempt.log_stream for attempt in record.tries), record.log_stream]
    return list(dict.fromkeys(name for name in named if name))


def following(position: LogPosition, read: StreamPage, known: list[str]) -> LogPosition | None:
    """Where the log goes on after `read`: in the same stream, or in that of the next attempt."""
    if read.token != position.token:
        return LogPosition(position.stream, read.token)
    later = known[known.index(position.stream) + 1 :]
    return LogPosition(later[0]) if later else None
