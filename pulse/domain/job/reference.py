"""How people name a job beside its id: by AWS Batch's id, by its name in AWS Batch, or by how one begins."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from pulse.domain.job.ids import id_of_name
from pulse.domain.job.record import JobRecord

SHORTEST_PREFIX = 4
DAYS = 31
"""How far back such names are looked for. A job's own id finds it for as long as its record is kept."""
_DATE = re.compile(r"(?<![0-9])(20[0-9]{2})([01][0-9])([0-3][0-9])")


def days(reference: str, now: datetime) -> Iterator[str]:
    """The days (YYYY-MM-DD, UTC) on which the job may have been created, the likeliest first: ids and names
    that Pulse makes hold their day, so that no other is looked at for one of them in full.
    """
    today = now.astimezone(UTC).date()
    named = ["-".join(found) for found in _DATE.findall(reference)]
    if id_of_name(reference):
        yield from named[-1:]
        return
    recent = (str(today - timedelta(days=back)) for back in range(DAYS))
    yield from dict.fromkeys([*named, *recent])


def named(records: Iterable[JobRecord], reference: str) -> list[JobRecord]:
    """Those that the reference names in full; where there are none, those whose id or name begins so.

    What follows an array is left out beside its array, whose id its own begins with.
    """
    in_full, begin_so = [], []
    for record in records:
        if reference == record.batch_job_id:
            return [record]
        if reference in _names(record):
            in_full.append(record)
        elif len(reference) >= SHORTEST_PREFIX and any(n.startswith(reference) for n in _names(record)):
            begin_so.append(record)
    found = in_full or begin_so
    ids = {record.job_id for record in found}
    return [record for record in found if record.follows not in ids]


def _names(record: JobRecord) -> tuple[str, ...]:
    return record.job_id, record.batch_job_id, record.job_name
