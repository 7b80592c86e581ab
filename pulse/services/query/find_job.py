"""Finds the job that a call is about, however it is named."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from pulse.domain.access import Guard
from pulse.domain.errors import Ambiguous, NotFound
from pulse.domain.job import reference as job_reference
from pulse.domain.job.ids import id_of_name
from pulse.domain.job.record import JobRecord
from pulse.domain.views.pages import Position
from pulse.services.ports.ledger import Ledger

MOST = 2000
"""How many records are looked at for one call: what most deployments have in a month."""
_PAGE = 200

Answer = TypeVar("Answer")


class FindJob(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    clock: Callable[[], datetime]

    def do(self, reference: str, act: Callable[[str], Answer], guard: Guard) -> Answer:
        """What `act` returns for the job's id. The reference is taken as an id first, then as a name that
        Pulse made from an id, so that both cost nothing; otherwise it is looked for among the newest jobs
        that the caller may see.

        Raises Ambiguous, and what `act` raises: NotFound where no job is named so.
        """
        try:
            return act(reference)
        except NotFound:
            found = self._of_name(reference, guard) or self._found(reference, guard)
            if not found or found == reference:
                raise
        return act(found)

    def _of_name(self, reference: str, guard: Guard) -> str:
        """Empty where no job has the id from which the name would be made."""
        job_id = id_of_name(reference)
        record = self.ledger.record(job_id) if job_id not in {"", reference} else None
        return job_id if record and guard.may_see(record) else ""

    def _found(self, reference: str, guard: Guard) -> str:
        """Empty where no job is named so."""
        named = job_reference.named(filter(guard.may_see, self._newest(reference)), reference)
        ids = list(dict.fromkeys(record.job_id for record in named))
        if len(ids) > 1:
            raise Ambiguous(reference, ids)
        return ids[0] if ids else ""

    def _newest(self, reference: str) -> Iterator[JobRecord]:
        left = MOST
        for day in job_reference.days(reference, self.clock()):
            after: Position | None = None
            while left > 0:
                page = self.ledger.newest("day", day, most=min(_PAGE, left), after=after)
                yield from page
                left -= len(page)
                if len(page) < _PAGE:
                    break
                after = Position("day", day, page[-1].created_at, page[-1].job_id)
