"""Which dropped data set is trained, and how: the first trigger whose prefix and suffix fit its key."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from pulse.domain.batch_limits import ShareIdentifier
from pulse.domain.fault import Fault
from pulse.domain.profile import ProfileName
from pulse.domain.request_defaults import BatchSizeDays, Variables, period_faults

Prefix = Annotated[
    str,
    Meta(pattern=r"^datasets/", max_length=1024, description="a key prefix beginning with datasets/"),
]
Suffix = Annotated[str, Meta(max_length=64, description="the end of a key, such as .csv; empty for any")]


class Trigger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """No `variables`: all numeric columns of the file. No dates: its whole period. Defaults of a request do
    not apply to these three, because a file's columns and dates are its own. `share_identifier`: for a
    profile whose queue is fair-share, since a dropped file can name none.
    """

    prefix: Prefix = "datasets/"
    suffix: Suffix = ""
    profile: ProfileName
    variables: Variables = ()
    batch_size_days: BatchSizeDays | None = None
    start_date: date | None = None
    end_date: date | None = None
    share_identifier: ShareIdentifier | None = None

    def faults(self) -> list[Fault]:
        return period_faults(self.start_date, self.end_date)

    def matches(self, key: str) -> bool:
        """Suffixes are compared without case: `MARKET.CSV` is a CSV."""
        return key.startswith(self.prefix) and key.lower().endswith(self.suffix.lower())


def matching(triggers: Iterable[Trigger], key: str) -> Trigger | None:
    """The first of `triggers` that fits `key`, in the order of the configuration."""
    return next((trigger for trigger in triggers if trigger.matches(key)), None)
