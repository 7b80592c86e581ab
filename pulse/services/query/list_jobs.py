"""The jobs that the ledger knows, the newest first, a page at a time."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from pulse.domain.access import Guard
from pulse.domain.job.record import JobRecord
from pulse.domain.views import pages
from pulse.domain.views.pages import Page, Wanted
from pulse.services.ports.ledger import Ledger

ME = "me"


class ListJobs(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    clock: Callable[[], datetime]

    def page(self, query: Mapping[str, str], guard: Guard) -> Page:
        """`query`: a call's parameters. A page is shorter by what the caller may not see. Raises InvalidCall,
        Unavailable, Misconfigured.
        """
        today = self.clock().astimezone(UTC).date()
        wanted = pages.wanted(_meant(query, guard), today)
        found: list[JobRecord] = []
        after = wanted.after
        for value in wanted.values(today):
            # One more than fits tells whether there is another page.
            missing = wanted.limit + 1 - len(found)
            if not missing:
                break
            found += self.ledger.newest(wanted.by, value, most=missing, after=after)
            after = None
        return _page(found, wanted, guard)


def _meant(query: Mapping[str, str], guard: Guard) -> Mapping[str, str]:
    """Whoever sees its own jobs only asks for these, and so does who asks for those of `me`."""
    is_own = guard.sees == "own" and not any(name in query for name in pages.FILTERS)
    return {**query, "by": guard.me} if guard.me and (is_own or query.get("by") == ME) else query


def _page(found: list[JobRecord], wanted: Wanted, guard: Guard) -> Page:
    read = found[: wanted.limit]
    following = wanted.position(read[-1]) if len(found) > len(read) else None
    return Page(tuple(filter(guard.may_see, read)), following)
