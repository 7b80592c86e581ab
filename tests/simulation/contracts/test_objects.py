"""Objects over S3, and the training's claim."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from recursive_training.data.s3 import Bucket
from recursive_training.errors import AlreadyClaimedError
from recursive_training.steps.claim import claim

from pulse.aws.s3 import Objects
from pulse.domain.errors import Misconfigured, TooLarge

ODD = "datasets/c++ (v1)+50%25 ü.csv"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def s3(place):
    return place.client("s3")


@pytest.fixture
def objects(s3):
    return Objects(lambda: s3)


@pytest.fixture(params=[False, True], ids=["plain", "versioned"])
def bucket(place, request):
    return place.bucket(versioned=request.param)


@pytest.fixture
def versioned(place):
    return place.bucket(versioned=True)


def put(s3, bucket, key, body):
    return s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId", "")


def test_should_read_an_object_as_it_was_written_last(s3, objects, bucket):
    for body in (b"first", b"second"):
        put(s3, bucket, ODD, body)
    assert objects.read(bucket, ODD, limit_bytes=6) == b"second"


def test_should_refuse_an_object_beyond_the_limit(s3, objects, bucket):
    put(s3, bucket, "a", b"123456")
    with pytest.raises(TooLarge) as caught:
        objects.read(bucket, "a", limit_bytes=5)
    assert "6" in str(caught.value)


def test_should_find_nothing_under_a_key_that_was_never_written(objects, bucket):
    assert objects.read(bucket, "none", limit_bytes=9) is None
    assert objects.read_range(bucket, "none", "bytes=0-9") is None


def test_should_read_a_version_though_there_is_a_newer_one(s3, objects, versioned):
    first = put(s3, versioned, "a", b"first")
    put(s3, versioned, "a", b"second")
    assert objects.read(versioned, "a", version_id=first, limit_bytes=9) == b"first"
    assert objects.read_range(versioned, "a", "bytes=1-2", version_id=first).content == b"ir"


def test_should_find_no_version_that_nobody_wrote(s3, objects, versioned):
    first = put(s3, versioned, "a", b"first")
    put(s3, versioned, "b", b"other")
    for key, version in [("b", first), ("a", "nonsense"), ("none", first)]:
        assert objects.read(versioned, key, version_id=version, limit_bytes=9) is None
        assert objects.read_range(versioned, key, "bytes=0-1", version_id=version) is None


def test_should_keep_the_versions_of_a_deleted_object(s3, objects, versioned):
    first = put(s3, versioned, "a", b"first")
    marker = s3.delete_object(Bucket=versioned, Key="a")["VersionId"]
    assert objects.read(versioned, "a", limit_bytes=9) is None
    assert objects.read(versioned, "a", version_id=first, limit_bytes=9) == b"first"
    assert objects.read(versioned, "a", version_id=marker, limit_bytes=9) is None
    assert objects.read_range(versioned, "a", "bytes=0-1", version_id=marker) is None
    assert objects.listing(versioned, "").sizes == {}


@pytest.mark.parametrize(
    ("wanted", "content"),
    [
        ("bytes=0-3", b"0123"),
        ("bytes=2-99", b"23456789"),
        ("bytes=7-", b"789"),
        ("bytes=-3", b"789"),
        ("bytes=-99", b"0123456789"),
    ],
)
def test_should_read_a_part_and_tell_the_size_of_the_whole(s3, objects, bucket, wanted, content):
    put(s3, bucket, "a", b"0123456789")
    part = objects.read_range(bucket, "a", wanted)
    assert (part.content, part.size_bytes) == (content, 10)


@pytest.mark.parametrize("wanted", ["bytes=0-3", "bytes=-3"])
def test_should_read_nothing_of_an_empty_object(s3, objects, bucket, wanted):
    put(s3, bucket, "a", b"")
    part = objects.read_range(bucket, "a", wanted)
    assert (part.content, part.size_bytes) == (b"", 0)


def test_should_list_what_lies_under_a_prefix_in_the_order_of_the_keys(s3, objects, bucket):
    for key in ("b/2", "a/1", "b/10", "b/1", "c"):
        put(s3, bucket, key, key.encode())
    whole = objects.listing(bucket, "b/")
    assert (list(whole.sizes.items()), whole.complete) == ([("b/1", 3), ("b/10", 4), ("b/2", 3)], True)
    first = objects.listing(bucket, "b/", limit=2)
    assert (list(first.sizes), first.complete) == (["b/1", "b/10"], False)
    rest = objects.listing(bucket, "b/", limit=2, after="b/10")
    assert (list(rest.sizes), rest.complete) == (["b/2"], True)
    assert objects.listing(bucket, "none/").sizes == {}


def test_should_blame_the_settings_when_there_is_no_such_bucket(objects, bucket):
    with pytest.raises(Misconfigured):
        objects.read(f"{bucket}-none", "a", limit_bytes=9)
    with pytest.raises(Misconfigured):
        objects.listing(f"{bucket}-none", "")


def test_should_create_an_object_once(s3, bucket):
    results = Bucket(s3, bucket)
    assert results.create("a", b"first", "text/plain")
    assert not results.create("a", b"second", "text/plain")
    assert results.read("a").payload == b"first"


def test_should_list_more_keys_than_a_page_holds(s3, place, bucket, monkeypatch):
    for number in range(5):
        put(s3, bucket, f"a/{number}", b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="a/", MaxKeys=2)
    assert [len(page["Contents"]) for page in pages] == [2, 2, 1]
    assert Bucket(s3, bucket).keys("a/") == [f"a/{number}" for number in range(5)]


def run_of(batch_job_id):
    return SimpleNamespace(aws_batch_job_id=batch_job_id, results_folder="results/run-1/", job_id="run-1")


def test_should_give_a_run_to_the_first_job_and_to_its_next_attempts(s3, bucket):
    results = Bucket(s3, bucket)
    for _ in range(2):
        claim(results, run_of("first"), NOW)
    with pytest.raises(AlreadyClaimedError, match="belongs to AWS Batch job first"):
        claim(results, run_of("second"), NOW)
    assert json.loads(results.read("results/run-1/claim.json").payload)["aws_batch_job_id"] == "first"
