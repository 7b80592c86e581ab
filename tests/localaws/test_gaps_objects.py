"""What claims in S3 rest on: conditional writes, versions, ranges, prefixes."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


def code(refusal):
    return refusal.value.response["Error"]["Code"]


@pytest.fixture(scope="module")
def s3(aws):
    client = aws.client("s3")
    client.create_bucket(Bucket="plain")
    client.create_bucket(Bucket="versions")
    client.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.mark.parametrize("bucket", ["plain", "versions"])
def test_an_object_that_exists_is_not_written_over_when_it_must_be_absent(s3, bucket):
    s3.put_object(Bucket=bucket, Key="claim", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as refusal:
        s3.put_object(Bucket=bucket, Key="claim", Body=b"second", IfNoneMatch="*")
    assert code(refusal) == "PreconditionFailed"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(Bucket=bucket, Key="claim")["Body"].read() == b"first"
    s3.delete_object(Bucket=bucket, Key="claim")
    s3.put_object(Bucket=bucket, Key="claim", Body=b"third", IfNoneMatch="*")


def test_of_thirty_writers_at_once_one_claims_the_key(aws, s3, at_once):
    client = aws.client("s3", config=Config(max_pool_connections=30))
    won = at_once(
        lambda number: client.put_object(
            Bucket="plain", Key="race", Body=str(number).encode(), IfNoneMatch="*"
        ),
        30,
    )
    assert len(won) == 1
    assert s3.get_object(Bucket="plain", Key="race")["Body"].read() == str(won[0]).encode()


def test_a_range_counts_for_the_newest_and_for_an_older_version(s3):
    older = s3.put_object(Bucket="versions", Key="r", Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket="versions", Key="r", Body=b"abcdefghij")
    for wanted, new, old in (
        ("bytes=2-4", b"cde", b"234"),
        ("bytes=-3", b"hij", b"789"),
        ("bytes=7-", b"hij", b"789"),
        ("bytes=8-99", b"ij", b"89"),
    ):
        assert s3.get_object(Bucket="versions", Key="r", Range=wanted)["Body"].read() == new
        part = s3.get_object(Bucket="versions", Key="r", Range=wanted, VersionId=older)
        assert part["Body"].read() == old
        assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert (part["VersionId"], part["ContentLength"]) == (older, len(old))
    assert part["ContentRange"] == "bytes 8-9/10"
    for members in ({}, {"VersionId": older}):
        with pytest.raises(ClientError) as refusal:
            s3.get_object(Bucket="versions", Key="r", Range="bytes=10-", **members)
        assert code(refusal) == "InvalidRange"


def test_the_head_of_a_version_describes_that_version(s3):
    older = s3.put_object(Bucket="versions", Key="h", Body=b"12345", Metadata={"a": "1"})
    s3.put_object(Bucket="versions", Key="h", Body=b"123")
    found = s3.head_object(Bucket="versions", Key="h", VersionId=older["VersionId"])
    assert (found["ContentLength"], found["ETag"], found["Metadata"]) == (5, older["ETag"], {"a": "1"})
    assert s3.head_object(Bucket="versions", Key="h")["ContentLength"] == 3
    part = s3.head_object(Bucket="versions", Key="h", VersionId=older["VersionId"], Range="bytes=0-1")
    assert (part["ContentLength"], part["ContentRange"]) == (2, "bytes 0-1/5")


def test_a_prefix_in_a_condition_bounds_what_a_role_lists(s3, as_role):
    s3.put_object(Bucket="plain", Key="in/x", Body=b"")
    role = as_role(
        "s3",
        {
            "Action": "s3:ListBucket",
            "Resource": "arn:aws:s3:::plain",
            "Condition": {"StringLike": {"s3:prefix": ["in/*"]}},
        },
    )
    assert role.list_objects_v2(Bucket="plain", Prefix="in/")["KeyCount"] == 1
    for members in ({}, {"Prefix": "out/"}):
        with pytest.raises(ClientError) as refusal:
            role.list_objects_v2(Bucket="plain", **members)
        assert code(refusal) == "AccessDenied"


READ = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::plain/*"}
LIST = {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::plain"}


@pytest.mark.parametrize(
    ("statements", "answers"),
    [([READ], ["AccessDenied", "403"]), ([READ, LIST], ["NoSuchKey", "404"])],
    ids=["may not list", "may list"],
)
def test_only_who_may_list_a_bucket_learns_that_a_key_is_missing(s3, as_role, statements, answers):
    s3.put_object(Bucket="plain", Key="there", Body=b"x")
    role = as_role("s3", *statements)
    assert role.get_object(Bucket="plain", Key="there")["Body"].read() == b"x"
    assert role.head_object(Bucket="plain", Key="there")["ContentLength"] == 1
    found = []
    for call in (role.get_object, role.head_object):
        with pytest.raises(ClientError) as refusal:
            call(Bucket="plain", Key="missing")
        found.append(code(refusal))
    assert found == answers


def test_the_owner_of_everything_learns_that_a_key_is_missing(s3):
    with pytest.raises(ClientError) as refusal:
        s3.head_object(Bucket="plain", Key="missing")
    assert code(refusal) == "404"
