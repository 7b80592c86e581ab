"""Jobs in pages, by the table's indexes and by tags."""

import pytest
from msgspec import structs

from pulse.aws.ledger.items import listed_under, listing_key, wire
from pulse.domain.views.pages import Position
from tests.simulation.contracts.ledger.records import KEY, MINUTE, NOW, PLAN, RECORD, numbered


def ids(records):
    return [record.job_id for record in records]


def test_should_find_the_newest_jobs_of_a_data_set_and_of_a_profile(ledger, expect):
    for number in range(3):
        ledger.create(numbered(number, dataset="datasets/a.csv", profile="small"))
    ledger.create(numbered(9, profile="small"))
    expect(lambda: ids(ledger.runs(profile="small", most=50)), ["batch-9", "batch-2", "batch-1", "batch-0"])
    expect(lambda: ids(ledger.runs(dataset="datasets/a.csv", most=2)), ["batch-2", "batch-1"])


@pytest.mark.parametrize(
    ("by", "of"),
    [
        ("status", "FAILED"),
        ("day", "2026-03-02"),
        ("dataset", "datasets/ü.csv"),
        ("profile", "small"),
        ("tag", "Team=a=b"),
    ],
)
def test_should_list_the_newest_first_page_by_page(ledger, expect, by, of):
    fields = {"status": "FAILED", "dataset": "datasets/ü.csv", "profile": "small", "tags": {"Team": "a=b"}}
    ledger.create(numbered(2000, status="RUNNING", dataset="b", profile="large", tags={"Team": "a"}))
    for number in (2, 0, 3, 1):
        ledger.create(numbered(number, **fields))

    def page(most, last=None):
        after = None if last is None else Position(by, of, NOW + last * MINUTE, f"batch-{last}")
        return ids(ledger.newest(by, of, most=most, after=after))

    expect(lambda: page(10), ["batch-3", "batch-2", "batch-1", "batch-0"])
    expect(lambda: page(2), ["batch-3", "batch-2"])
    expect(lambda: page(2, last=2), ["batch-1", "batch-0"])
    expect(lambda: page(2, last=1), ["batch-0"])
    expect(lambda: page(2, last=0), [])


def test_should_list_jobs_of_the_same_moment_once_each(ledger, expect):
    for number in range(4):
        ledger.create(numbered(number, created_at=NOW, profile="small"))

    def pages():
        found, after = [], None
        while page := ledger.newest("profile", "small", most=2, after=after):
            found += ids(page)
            after = Position("profile", "small", NOW, page[-1].job_id)
        return sorted(found)

    expect(pages, ["batch-0", "batch-1", "batch-2", "batch-3"])


def test_should_move_a_record_from_index_to_index(ledger, expect):
    ledger.create(RECORD)
    expect(lambda: ids(ledger.newest("status", "CLAIMED", most=9, after=None)), ["batch-1"])
    ledger.settle("batch-1", "aws-1")
    expect(lambda: ids(ledger.newest("status", "SUBMITTED", most=9, after=None)), ["batch-1"])
    expect(lambda: ledger.newest("status", "CLAIMED", most=9, after=None), [])


def test_should_list_unfinished_jobs_the_oldest_first(ledger, expect):
    for number in (2, 0, 1):
        ledger.create(numbered(number, status="RUNNABLE", queue="fifo", batch_job_id=f"aws-{number}"))
    ledger.create(numbered(3, status="RUNNING"))

    def found(most):
        return [(job.job_id, job.batch_job_id) for job in ledger.unfinished("RUNNABLE", most=most)]

    expect(lambda: found(9), [("batch-0", "aws-0"), ("batch-1", "aws-1"), ("batch-2", "aws-2")])
    expect(lambda: found(2), [("batch-0", "aws-0"), ("batch-1", "aws-1")])


def test_should_find_by_its_tags_an_array_but_not_what_follows_it(ledger):
    tags = {"Team": "rates", "A=B": "C", "A": "B=C"}
    records = [structs.replace(RECORD, tags=tags), numbered(2, tags=tags, follows="batch-1")]
    assert ledger.claim(KEY, records, PLAN) is None
    for tag in ("Team=rates", "A=B=C"):
        assert ids(ledger.newest("tag", tag, most=9, after=None)) == ["batch-1"]
    assert ledger.newest("tag", "Team=rate", most=9, after=None) == []


def test_should_leave_out_a_tagged_job_whose_record_has_expired(ledger, place):
    for number in range(3):
        ledger.create(numbered(number, tags={"Team": "rates"}))
    partition = listed_under("tag", "Team=rates")
    tag = listing_key(partition, NOW + MINUTE, "batch-1") | wire({"job_id": "expired", "expires_at": 0})
    place.client.put_item(TableName=place.table, Item=tag)
    assert ids(ledger.newest("tag", "Team=rates", most=9, after=None)) == ["batch-2", "batch-0"]
