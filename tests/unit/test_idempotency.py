import pytest
from msgspec import structs

from pulse.domain.errors import IdempotencyConflict, InvalidIdempotencyKey
from pulse.domain.plan.claim import Claim, check_payload
from pulse.domain.request import identity
from pulse.domain.request.drop import S3Drop
from pulse.domain.request.job_request import JobRequest

DROP = S3Drop(bucket="b", key="datasets/a.csv", version_id="v1", sequencer="0A", etag="e")


def key(drop):
    return identity.of_drop(drop).key


def test_should_be_the_same_drop_when_only_the_delivery_differs():
    assert key(DROP) == key(structs.replace(DROP, sequencer="0B", size=7))


def test_should_be_another_drop_when_bucket_key_or_version_differ():
    others = [
        structs.replace(DROP, bucket="c"),
        structs.replace(DROP, key="datasets/b.csv"),
        structs.replace(DROP, version_id="v2"),
        structs.replace(DROP, version_id=""),
        structs.replace(DROP, version_id="", sequencer="0B"),
    ]
    assert len({key(drop) for drop in (DROP, *others)}) == 6


def test_should_pad_sequencers_before_comparing():
    assert key(structs.replace(DROP, version_id="", sequencer="a")) == key(
        structs.replace(DROP, version_id="", sequencer="00A")
    )


def test_should_never_confuse_a_bucket_and_key_that_run_together():
    assert key(structs.replace(DROP, bucket="ab", key="c")) != key(
        structs.replace(DROP, bucket="a", key="bc")
    )


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('"abc"', "abc"),
        ("abc", "abc"),
        ('  "two words" ', "two words"),
        ("a=b;c", "a=b;c"),
        ("x" * 255, "x" * 255),
    ],
)
def test_should_accept_the_quoted_and_the_bare_form(header, found):
    assert identity.key_of_header(header) == found


@pytest.mark.parametrize("header", ["", " ", '""', '"a', 'a"b', "a b", "\x00", "é", "x" * 256, '"a"\n'])
def test_should_refuse_other_forms(header):
    with pytest.raises(InvalidIdempotencyKey):
        identity.key_of_header(header)


def test_should_take_the_order_of_fields_for_nothing_and_values_for_something():
    one = JobRequest(attempts=1, tags={"a": "1", "b": "2"})
    same = JobRequest(tags={"b": "2", "a": "1"}, attempts=1)
    other = JobRequest(attempts=2, tags={"a": "1", "b": "2"})
    keys = [
        identity.of_call(request, None, caller="arn:me", window_seconds=600).key
        for request in (one, same, other)
    ]
    assert keys[0] == keys[1] != keys[2]


def test_should_be_another_request_when_the_data_is_to_be_read_otherwise():
    calls = (
        JobRequest(),
        JobRequest(missing_values=(-999,)),
        JobRequest(missing_values=("-999",)),
        JobRequest(id_columns=("store",)),
        JobRequest(id_columns=("store", "item")),
    )
    hashes = {
        identity.of_call(call, None, caller="arn:me", window_seconds=600).payload_hash for call in calls
    }
    assert len(hashes) == len(calls)


def test_should_tell_no_date_from_none_given():
    calls = (JobRequest(), JobRequest(start_date=None))
    assert (
        len(
            {identity.of_call(call, None, caller="arn:me", window_seconds=600).payload_hash for call in calls}
        )
        == 2
    )


def test_should_hold_a_client_to_its_key_and_a_drop_to_nothing():
    claim = Claim(job_id="j", payload_hash="other")
    with pytest.raises(IdempotencyConflict, match="job j"):
        check_payload(claim, identity.of_call(JobRequest(), "k", caller="arn:me", window_seconds=600))
    check_payload(claim, identity.of_drop(DROP))


@pytest.mark.parametrize("header", [None, "k"])
def test_should_count_for_its_caller_only(header):
    keys = {
        identity.of_call(JobRequest(), header, caller=caller, window_seconds=600).key
        for caller in ("arn:aws:iam::123456789012:user/a", "arn:aws:iam::123456789012:user/b", "")
    }
    assert len(keys) == 3
