"""What the jobs of a month cost, by what they have in common. A job belongs to the month (UTC) that it was
asked for in.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from pulse.domain.errors import InvalidCall
from pulse.domain.fault import Fault, shown

BY = r"^(profile|share|dataset|queue|tag:[\w .:/=+@-]{1,128})\Z"
MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])\Z"
ALLOWED_BY = "profile, share, dataset, queue, or tag: and a tag's key"
ALLOWED_MONTH = "a month from 2000 on, YYYY-MM"
DEFAULT_BY = "profile"
_TAG = "tag:"


class Spent(Struct, frozen=True):
    """US dollars of the ended jobs of a month (YYYY-MM, UTC). `alerted_percents`: shares of the budget
    that an alert has reported.
    """

    month: str
    usd: Decimal
    alerted_percents: frozenset[int] = frozenset()


class JobCost(Struct, frozen=True, kw_only=True):
    """What an ended job cost, US dollars, what it is counted under, and who asked for it."""

    usd: Decimal
    profile: str = ""
    share: str = ""
    dataset: str = ""
    queue: str = ""
    tags: dict[str, str] = {}
    asked_by: str = ""
    foreign: bool = False

    def under(self, by: str) -> str:
        """The value of `by`, as BY allows it; empty when the job has none."""
        if by.startswith(_TAG):
            return self.tags.get(by.removeprefix(_TAG), "")
        return str(getattr(self, by))


class CostGroup(Struct, frozen=True, kw_only=True):
    """Jobs that have a value in common; `name` is empty for those that have none."""

    name: str
    usd: Decimal
    jobs: int


class Wanted(Struct, frozen=True):
    """As MONTH and BY allow it."""

    month: str
    by: str


class MonthCosts(Struct, frozen=True, kw_only=True):
    """US dollars. `hidden`: what those jobs cost together that the caller may not see. `reserved_usd`: what
    unfinished jobs may cost at most; `budget_usd`: None without one.
    """

    wanted: Wanted
    groups: list[CostGroup]
    reserved_usd: Decimal
    budget_usd: Decimal | None
    hidden: CostGroup = CostGroup(name="", usd=Decimal(0), jobs=0)


def wanted(query: Mapping[str, str], now: datetime) -> Wanted:
    """What a call's query parameters ask for. Raises InvalidCall with every fault."""
    month = query.get("month", f"{now.astimezone(UTC):%Y-%m}")
    by = query.get("by", DEFAULT_BY)
    rules = (("month", month, MONTH, ALLOWED_MONTH), ("by", by, BY, ALLOWED_BY))
    faults = [
        Fault(name, allowed, shown(given))
        for name, given, rule, allowed in rules
        if not re.match(rule, given)
    ]
    if faults:
        raise InvalidCall(faults)
    return Wanted(month, by)


def together(costs: Collection[JobCost]) -> CostGroup:
    """As one group, without a name."""
    return CostGroup(name="", usd=sum((cost.usd for cost in costs), Decimal(0)), jobs=len(costs))


def groups(costs: Iterable[JobCost], by: str) -> list[CostGroup]:
    """The dearest first."""
    usd: defaultdict[str, Decimal] = defaultdict(Decimal)
    jobs: Counter[str] = Counter()
    for cost in costs:
        name = cost.under(by)
        usd[name] += cost.usd
        jobs[name] += 1
    found = [CostGroup(name=name, usd=usd[name], jobs=jobs[name]) for name in usd]
    return sorted(found, key=lambda group: (-group.usd, group.name))
