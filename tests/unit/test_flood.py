from datetime import UTC, datetime, timedelta, timezone

import pytest

from pulse.domain.alerts.flood import window_of

KOLKATA = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        datetime(2026, 3, 2, 9, 39, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 2, 15, 5, 7, 1, tzinfo=KOLKATA),
    ],
)
def test_should_count_refused_drops_from_the_whole_ten_minutes_on_in_utc(moment):
    assert window_of(moment) == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert window_of(moment).tzinfo is UTC
