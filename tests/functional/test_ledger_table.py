"""What DynamoDB leaves undone or cancels in passing, as botocore's Stubber has it answer."""

import pytest
from botocore.stub import Stubber

from pulse.aws import clients
from pulse.aws.ledger import table as ledger_table
from pulse.aws.ledger.items import wire
from pulse.aws.ledger.table import LedgerTable
from pulse.domain.errors import Unavailable

WRITES = [{"Delete": {"TableName": "ledger", "Key": wire({"pk": "JOB#1", "sk": "RECORD"})}}]
KEYS = [wire({"pk": f"JOB#{number}", "sk": "RECORD"}) for number in range(3)]


@pytest.fixture
def stubbed(monkeypatch):
    monkeypatch.setattr(ledger_table, "_LONGEST_FIRST_PAUSE_SECONDS", 0)
    table = LedgerTable(clients.dynamodb(), "ledger")
    with Stubber(table.client) as stub:
        yield table, stub


def asked(keys):
    return {"RequestItems": {"ledger": {"Keys": keys, "ConsistentRead": True}}}


def told(items, left):
    undone = {"ledger": {"Keys": left, "ConsistentRead": True}} if left else {}
    return {"Responses": {"ledger": items}, "UnprocessedKeys": undone}


def cancelled(stub, *codes):
    stub.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": [{"Code": code} for code in codes]},
    )


def test_should_ask_again_for_what_was_left_undone(stubbed):
    table, stub = stubbed
    stub.add_response("batch_get_item", told(KEYS[:1], KEYS[1:]), asked(KEYS))
    stub.add_response("batch_get_item", told([], KEYS[1:]), asked(KEYS[1:]))
    stub.add_response("batch_get_item", told(KEYS[1:2], []), asked(KEYS[1:]))
    assert table.get_all(KEYS) == KEYS[:2], "what is not there is left out"
    stub.assert_no_pending_responses()


def test_should_say_try_again_when_items_stay_undone(stubbed):
    table, stub = stubbed
    for _ in range(5):
        stub.add_response("batch_get_item", told([], KEYS), asked(KEYS))
    stub.add_response("batch_get_item", told(KEYS, []), asked(KEYS))
    assert table.get_all(KEYS) == KEYS, "the last try counts"
    for _ in range(6):
        stub.add_response("batch_get_item", told([], KEYS), asked(KEYS))
    with pytest.raises(Unavailable, match="3 items were left undone"):
        table.get_all(KEYS)


def test_should_ask_nothing_for_no_keys(stubbed):
    table, _ = stubbed
    assert table.get_all([]) == []


def test_should_write_again_when_another_write_crossed(stubbed):
    table, stub = stubbed
    cancelled(stub, "None", "TransactionConflict")
    stub.add_response("transact_write_items", {})
    assert table.transact("Writing", WRITES) is None


def test_should_tell_which_condition_did_not_hold(stubbed):
    table, stub = stubbed
    cancelled(stub, "None", "ConditionalCheckFailed", "TransactionConflict")
    assert table.transact("Writing", WRITES) == 1


def test_should_say_try_again_when_other_writes_go_on_crossing(stubbed):
    table, stub = stubbed
    for _ in range(6):
        cancelled(stub, "TransactionConflict")
    with pytest.raises(Unavailable, match="Writing met other writes"):
        table.transact("Writing", WRITES)
