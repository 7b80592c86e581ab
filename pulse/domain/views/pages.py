"""A page of jobs, the newest first: what may be asked for, and where it goes on."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from pulse.domain.caller import MAX_CHARACTERS
from pulse.domain.errors import InvalidCall
from pulse.domain.fault import Fault, shown
from pulse.domain.job.ids import usable_as_job_id
from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import BatchStatus
from pulse.domain.views import tokens

Attribute = Literal["status", "day", "dataset", "profile", "tag", "by"]
"""Each has an index in the ledger, sorted by the time at which a job was asked for."""
DEFAULT_JOBS, MAX_JOBS = 20, 100
DAYS_BACK = 31
"""How far a list without a filter goes back."""
MAX_DATASET_BYTES, MAX_PROFILE_BYTES = 1024, 128
"""An S3 key's, and more than any profile's name has."""
TAG = r"^[\w .:/=+@-]+=[\w .:/=+@-]*\Z"
MAX_TAG_CHARACTERS = 128 + 1 + 256
STATUSES = ("RELEASED", "CLAIMED", *get_args(BatchStatus))
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Position(Struct, frozen=True, forbid_unknown_fields=True):
    """The last job of a page, in the index `by` under the value `of`."""

    by: Attribute
    of: str
    created_at: Annotated[datetime, Meta(tz=True)]
    job_id: str


class Wanted(Struct, frozen=True, kw_only=True):
    """`of`: None without a filter, then it is the days from today on backwards."""

    by: Attribute = "day"
    of: str | None = None
    limit: int = DEFAULT_JOBS
    after: Position | None = None

    def values(self, today: date) -> list[str]:
        """Under which values of the index to look, one after the other."""
        if self.of is not None:
            return [self.of]
        earliest = today - timedelta(days=DAYS_BACK)
        start = date.fromisoformat(self.after.of) if self.after else today
        return [str(start - timedelta(days=back)) for back in range((start - earliest).days + 1)]

    def position(self, record: JobRecord) -> Position:
        of = str(record.created_at.astimezone(UTC).date()) if self.of is None else self.of
        return Position(self.by, of, record.created_at, record.job_id)


class Page(Struct, frozen=True):
    """`next`: where the next page begins; None after the last."""

    records: tuple[JobRecord, ...]
    next: Position | None


def wanted(query: Mapping[str, str], today: date) -> Wanted:
    """What a call's query parameters ask for. Raises InvalidCall with every fault."""
    given = [name for name in FILTERS if name in query]
    faults = [
        Fault(name, _FILTERS[name][0], shown(query[name]))
        for name in given
        if not _FILTERS[name][1](query[name])
    ]
    if len(given) > 1:
        faults.append(Fault(given[1], f"one filter at a time: {', '.join(FILTERS)}", " and ".join(given)))
    limit = tokens.limit(query, DEFAULT_JOBS, MAX_JOBS, faults)
    read = Wanted(limit=limit)
    if given and not faults:
        read = Wanted(by=given[0], of=query[given[0]], limit=limit)
    after = _after(query, read, today, faults)
    if faults:
        raise InvalidCall(faults)
    return Wanted(by=read.by, of=read.of, limit=limit, after=after)


def _after(query: Mapping[str, str], read: Wanted, today: date, faults: list[Fault]) -> Position | None:
    """The position in the token, when it is one in the very part of the index that is asked for."""
    if "next" not in query or faults:
        return None
    found = tokens.decoded(query["next"], Position)
    if found is None or not _belongs(found, read, today):
        faults.append(tokens.fault(query["next"]))
    return found


def _belongs(position: Position, read: Wanted, today: date) -> bool:
    if position.by != read.by or position.created_at.utcoffset() or not usable_as_job_id(position.job_id):
        return False
    if position.by == "day" and position.of != str(position.created_at.date()):
        return False
    return position.of <= str(today) if read.of is None else position.of == read.of


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.match(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _text(most_bytes: int) -> Callable[[str], bool]:
    """Lone surrogates are no text: DynamoDB stores UTF-8."""
    return lambda text: (
        0 < len(text.encode("utf-8", "surrogatepass")) <= most_bytes and not _SURROGATE.search(text)
    )


_FILTERS: dict[Attribute, tuple[str, Callable[[str], bool]]] = {
    "status": (f"one of {', '.join(STATUSES)}", lambda text: text in STATUSES),
    "day": ("a day, YYYY-MM-DD, in UTC", _is_day),
    "dataset": (f"a data set's key, 1 to {MAX_DATASET_BYTES} bytes in UTF-8", _text(MAX_DATASET_BYTES)),
    "profile": (f"a profile's name, 1 to {MAX_PROFILE_BYTES} bytes in UTF-8", _text(MAX_PROFILE_BYTES)),
    "tag": (
        f"KEY=VALUE, as a request names a tag, at most {MAX_TAG_CHARACTERS} characters",
        lambda text: len(text) <= MAX_TAG_CHARACTERS and re.match(TAG, text) is not None,
    ),
    "by": (
        f"who asked: an ARN of at most {MAX_CHARACTERS} bytes, of a role with or without a session, or `me`",
        _text(MAX_CHARACTERS),
    ),
}
FILTERS = tuple(_FILTERS)
