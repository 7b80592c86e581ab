"""How many drops were refused in each ten minutes."""

from pulse.aws.ledger.refusals import RefusedDrops
from pulse.domain.alerts.flood import WINDOW
from tests.simulation.contracts.ledger.records import KEPT, NOW


def test_should_count_each_window_by_itself(ledger_table):
    refused = RefusedDrops(ledger_table, KEPT)
    assert [refused.count(NOW, f"s3://data/{name}") for name in "abc"] == [1, 2, 3]
    assert refused.count(NOW + WINDOW, "s3://data/d") == 1
    found = list(refused.between(NOW, NOW))
    assert [(one.since, one.count, one.last, one.alerted) for one in found] == [
        (NOW, 3, "s3://data/c", False)
    ]
    assert refused.of(NOW) == found[0]
    assert refused.of(NOW - WINDOW) is None
