"""All records of a state, page by page."""

from collections.abc import Iterator

from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import Status
from pulse.domain.views.pages import Position
from pulse.services.ports.ledger import Ledger

PAGE = 100


def each(ledger: Ledger, status: Status) -> Iterator[JobRecord]:
    """The newest first. A record that changes meanwhile may come under both states, or under neither. Raises
    Unavailable, Misconfigured.
    """
    after: Position | None = None
    while page := ledger.newest("status", status, most=PAGE, after=after):
        yield from page
        if len(page) < PAGE:
            return
        after = Position("status", status, page[-1].created_at, page[-1].job_id)
