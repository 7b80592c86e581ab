"""DescribeDataset over moto's S3: what it finds, and with how many calls."""

import gzip
import io
from datetime import date, timedelta
from pathlib import Path

import boto3
import polars as pl
import pytest
from botocore.stub import Stubber
from recursive_training.data.names import TABLE_SUFFIXES

from pulse.aws import clients
from pulse.aws.s3 import Objects
from pulse.domain.errors import Misconfigured
from pulse.services.submit.describe_dataset import DescribeDataset

BUCKET = "pulse-data"
MARKET = (Path(__file__).parents[2] / "samples" / "market_daily.csv").read_bytes()
START = date(2001, 1, 1)


def parquet(rows: int, columns: int = 3, start: date = START, **options) -> bytes:
    times = pl.Series([start + timedelta(day) for day in range(rows)])
    frame = pl.DataFrame({"timestamp": times, **{f"c{i}": [float(i)] * rows for i in range(columns)}})
    file = io.BytesIO()
    frame.write_parquet(file, **options)
    return file.getvalue()


@pytest.fixture
def s3():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return s3


@pytest.fixture
def calls():
    return []


@pytest.fixture
def describe(s3, calls):
    def client():
        made = clients.s3()
        made.meta.events.register("before-call.s3", lambda params, **_: calls.append(params["url_path"]))
        return made

    describing = DescribeDataset(Objects(client), TABLE_SUFFIXES)
    return lambda key, version_id="": describing.describe(BUCKET, key, version_id)


def test_should_take_what_is_no_version_id_for_a_version_that_is_not_there():
    """As S3 answers, and moto does not."""
    client = clients.s3()
    with Stubber(client) as stub:
        for _ in range(2):
            stub.add_client_error("get_object", "InvalidArgument", "Invalid version id specified", 400)
        assert Objects(lambda: client).read_range(BUCKET, "k", "bytes=-1", version_id="v1") is None
        with pytest.raises(Misconfigured):
            Objects(lambda: client).read_range(BUCKET, "k", "bytes=-1")


def test_should_read_only_the_end_of_a_parquet_file(s3, describe, calls):
    content = parquet(100_000)
    s3.put_object(Bucket=BUCKET, Key="datasets/a b+c%20ü.parquet", Body=content)
    facts = describe("datasets/a b+c%20ü.parquet")
    assert (facts.rows, facts.columns, facts.bytes) == (100_000, ("c0", "c1", "c2"), len(content))
    assert (facts.first, facts.last) == (START, START + timedelta(99_999))
    assert facts.measured == "Parquet metadata"
    assert len(calls) == 1


def test_should_read_again_when_the_footer_is_longer_than_the_end_that_was_read(s3, describe, calls):
    s3.put_object(Bucket=BUCKET, Key="datasets/wide.parquet", Body=parquet(5_000, 20, row_group_size=50))
    facts = describe("datasets/wide.parquet")
    assert (facts.rows, facts.column_count, facts.last) == (5_000, 20, START + timedelta(4_999))
    assert len(calls) == 2


def test_should_read_both_ends_of_a_csv(s3, describe, calls):
    header, *rows = MARKET.splitlines()
    wide = b"\n".join([header + b",name", *(row + b"," + b"x" * 100 for row in rows), b""])
    s3.put_object(Bucket=BUCKET, Key="datasets/market.csv", Body=wide)
    facts = describe("datasets/market.csv")
    assert facts.rows == pytest.approx(len(rows), rel=0.1)
    assert (facts.first, facts.last) == (date(1990, 1, 2), date(2022, 12, 28))
    assert facts.measured == "the first 256 KiB of the CSV"
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("key", "content", "rows"),
    [
        ("datasets/small.csv", MARKET[:1000].rpartition(b"\n")[0], MARKET[:1000].count(b"\n") - 1),
        ("datasets/small.csv", parquet(10), 10),
        ("datasets/small.parquet", b"timestamp,a\n2020-01-01,1\n", 1),
        ("datasets/small.csv", gzip.compress(b"timestamp,a\n2020-01-01,1\n"), 1),
        ("datasets/broken.parquet", parquet(10)[:-1], None),
        ("datasets/broken.parquet", b"\xff\xff\xff\x00PAR1", None),
        ("datasets/empty.csv", b"", None),
        ("datasets/text.csv", "a,b\n1,2\n".encode("utf-16"), None),
    ],
    ids=[
        "csv",
        "parquet-named-csv",
        "csv-named-parquet",
        "gzip-named-csv",
        "parquet-cut-short",
        "parquet-mark-only",
        "empty",
        "utf-16",
    ],
)
def test_should_tell_the_format_from_the_bytes_and_of_any_other_only_the_size(
    s3, describe, key, content, rows
):
    s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    facts = describe(key)
    assert (facts.rows, facts.bytes) == (rows, len(content))
    assert (facts.measured == "the size of the object") == (rows is None)


def test_should_describe_the_version_that_is_asked_for(s3, describe):
    old = s3.put_object(Bucket=BUCKET, Key="datasets/v.parquet", Body=parquet(10))["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="datasets/v.parquet", Body=parquet(20))
    assert (describe("datasets/v.parquet", old).rows, describe("datasets/v.parquet").rows) == (10, 20)


def test_should_add_up_a_folder_from_at_most_three_of_its_files(s3, describe, calls):
    for year in range(2001, 2011):
        body = parquet(365, start=date(year, 1, 1))
        s3.put_object(Bucket=BUCKET, Key=f"datasets/daily/{year}.parquet", Body=body)
    s3.put_object(Bucket=BUCKET, Key="datasets/daily/_SUCCESS", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="datasets/other.csv", Body=MARKET)
    facts = describe("datasets/daily/")
    assert (facts.files, facts.columns) == (10, ("c0", "c1", "c2"))
    assert facts.rows == pytest.approx(3650, rel=0.02)
    assert (facts.first, facts.last) == (date(2001, 1, 1), date(2010, 12, 31))
    assert facts.measured.startswith("Parquet metadata of ")
    assert facts.measured.endswith(" of 10 files")
    assert len(calls) <= 4


def test_should_take_all_of_datasets_when_no_key_is_given(s3, describe):
    s3.put_object(Bucket=BUCKET, Key="datasets/a.csv", Body=MARKET)
    s3.put_object(Bucket=BUCKET, Key="datasets/b.parquet", Body=parquet(10))
    s3.put_object(Bucket=BUCKET, Key="requests/c.csv", Body=MARKET)
    facts = describe("")
    assert (facts.files, facts.rows) == (2, MARKET.count(b"\n") - 1 + 10)
    assert facts.column_count == 6
    assert facts.measured == "the whole CSV; Parquet metadata"


def test_should_know_the_size_of_a_folder_whose_files_cannot_be_read(s3, describe):
    for name in "abcde":
        s3.put_object(Bucket=BUCKET, Key=f"datasets/{name}.csv", Body=b"\xff" * 10)
    facts = describe("datasets/")
    assert (facts.bytes, facts.files, facts.rows, facts.measured) == (50, 5, None, "the size of 5 files")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.csv", b"timestamp;a\n2020-01-01;1,5\n"),
        ("b.csv", b"sep=,\ntimestamp,a\n2020-01-01,1\n"),
        ("b.zip", b"PK\x03\x04 and more"),
        ("b.csv.zst", b"\x28\xb5\x2f\xfd and more"),
        ("b.feather", b"ARROW1\x00\x00 and more ARROW1"),
    ],
)
def test_should_know_only_the_size_of_a_folder_with_a_file_that_is_not_looked_into(
    s3, describe, name, content
):
    for key, body in (("a.csv", MARKET), (name, content)):
        s3.put_object(Bucket=BUCKET, Key=f"datasets/{key}", Body=body)
    facts = describe("datasets/")
    assert (facts.files, facts.rows, facts.column_count) == (2, None, None)
    assert facts.bytes == len(MARKET) + len(content)
    assert describe(f"datasets/{name}").rows is None


def test_should_not_let_three_files_stand_for_files_of_another_kind(s3, describe):
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"datasets/{number}.csv", Body=MARKET)
    assert describe("datasets/").rows == 5 * (MARKET.count(b"\n") - 1)
    s3.put_object(Bucket=BUCKET, Key="datasets/1.csv.gz", Body=gzip.compress(MARKET))
    assert describe("datasets/").rows is None


def test_should_pass_over_the_empty_parts_of_a_folder(s3, describe):
    for number in range(5):
        body = MARKET if number == 2 else b""
        s3.put_object(Bucket=BUCKET, Key=f"datasets/part-{number}.csv", Body=body)
    facts = describe("datasets/")
    assert (facts.files, facts.rows) == (5, MARKET.count(b"\n") - 1)


def test_should_say_that_a_folder_has_more_keys_than_were_counted(s3, describe):
    for number in range(1001):
        s3.put_object(Bucket=BUCKET, Key=f"datasets/{number:04}.csv", Body=b"timestamp,a\n2020-01-01,1\n")
    facts = describe("datasets/")
    assert (facts.files, facts.rows) == (1000, 1000)
    assert facts.measured == "the whole CSV of 2 of 1,000 files, of the first 1,000 keys under datasets/"


@pytest.mark.parametrize("key", ["datasets/absent.csv", "datasets/absent/", ""])
def test_should_find_nothing_where_nothing_is(describe, key):
    assert describe(key) is None


def test_should_say_what_was_denied_when_there_is_no_such_bucket(s3):
    with pytest.raises(Misconfigured, match="Listing objects of S3"):
        DescribeDataset(Objects(clients.s3), TABLE_SUFFIXES).describe("nowhere", "datasets/")
