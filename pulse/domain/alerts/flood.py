"""A flood of drops that become no job: the first of ten minutes are told one by one, the rest in one alert
with their count.
"""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from pulse.domain.alerts.alert import SEVERITIES, Alert, facts
from pulse.domain.text.redaction import redacted

WINDOW = timedelta(minutes=10)
ALERTS_BEFORE_FLOOD = 10
LOOKED_BACK = timedelta(hours=25)
"""More than the longest pause between two runs of reconcile_jobs, so that none is missed."""


class Refusals(Struct, frozen=True):
    """How many drops were refused in the ten minutes from `since` on, UTC, and the URI of the last of them.
    One that was delivered again may count twice.
    """

    since: datetime
    count: int
    last: str = ""
    alerted: bool = False

    @property
    def is_flood(self) -> bool:
        return self.count > ALERTS_BEFORE_FLOOD


def window_of(moment: datetime) -> datetime:
    """When the window began that a moment lies in."""
    utc = moment.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % 10, second=0, microsecond=0)


def flood_alert(refusals: Refusals) -> Alert:
    end = refusals.since + WINDOW
    when = f"between {refusals.since:%H:%M} and {end:%H:%M} (UTC) on {refusals.since:%Y-%m-%d}"
    return Alert(
        kind="REJECTED",
        severity=SEVERITIES["REJECTED"],
        about=f"drops since {refusals.since:%Y-%m-%dT%H:%MZ}",
        headline=f"No job for {refusals.count:,} dropped objects",
        reason=f"{refusals.count:,} dropped objects became no job {when}. The first {ALERTS_BEFORE_FLOOD} "
        "had an alert each; the log of submit_job has the reason of every one.",
        next_step="Stop what drops them, and repair what the alerts of the first ones name. Then drop them "
        "again.",
        facts=facts(
            [("Objects", f"{refusals.count:,}"), ("The last of them", redacted(refusals.last, 1200))]
        ),
        cause="rejected",
    )
