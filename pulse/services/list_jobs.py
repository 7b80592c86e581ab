"""The jobs that the ledger knows, the newest first, a page at a time."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from pulse.domain import job_page
from pulse.domain.job_page import Page, Wanted
from pulse.domain.job_record import JobRecord
from pulse.services.ports import Ledger

ME = "me"


class ListJobs(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    clock: Callable[[], datetime]

    def page(self, query: Mapping[str, str], *, me: str) -> Page:
        """`query`: a call's parameters. `me`: as whom the caller is known. Raises InvalidCall, Unavailable,
        Misconfigured.
        """
        today = self.clock().astimezone(UTC).date()
        named = {"by": me} if me and query.get("by") == ME else {}
        wanted = job_page.wanted({**query, **named}, today)
        found: list[JobRecord] = []
        after = wanted.after
        for value in wanted.values(today):
            # One more than fits tells whether there is another page.
            missing = wanted.limit + 1 - len(found)
            if not missing:
                break
            found += self.ledger.newest(wanted.by, value, most=missing, after=after)
            after = None
        return _page(found, wanted)


def _page(found: list[JobRecord], wanted: Wanted) -> Page:
    shown = tuple(found[: wanted.limit])
    return Page(shown, wanted.position(shown[-1]) if len(found) > len(shown) else None)
