"""A killed server comes back with all but its last seconds, and with nothing that contradicts itself."""

import json
import os
import shutil
import signal
import time

import pytest

from localaws import instance
from localaws.state import snapshot
from localaws.state.saving import BUSY_SECONDS

A_SAVE_LATER = BUSY_SECONDS * 2 + 0.5
WAITS = {
    "H": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
    "W": {
        "Type": "AWS::CloudFormation::WaitCondition",
        "DependsOn": "B",
        "Properties": {"Handle": {"Ref": "H"}, "Timeout": "300"},
    },
}


@pytest.fixture
def root(tmp_path):
    yield tmp_path / "aws"
    instance.down(tmp_path / "aws", erase=True)


def bucket(name):
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}


def template(**resources):
    return json.dumps({"Resources": resources})


def killed_and_up(running):
    kill(running)
    return instance.up(running.root)


def kill(running):
    os.killpg(running.pid, signal.SIGKILL)
    os.waitpid(running.pid, 0)
    assert instance.running(running.root) is None


def settled(aws, stack, *, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            return found["StackStatus"]
        time.sleep(0.05)
    return found["StackStatus"]


def buckets(aws):
    return [one["Name"] for one in aws.client("s3").list_buckets()["Buckets"]]


def test_a_killed_server_loses_only_its_last_seconds(root):
    aws = instance.up(root)
    aws.client("cloudformation").create_stack(StackName="kept", TemplateBody=template(B=bucket("kept")))
    assert settled(aws, "kept") == "CREATE_COMPLETE"
    aws.client("s3").put_object(Bucket="kept", Key="k", Body=b"body")
    time.sleep(A_SAVE_LATER)

    aws = killed_and_up(aws)
    assert settled(aws, "kept") == "CREATE_COMPLETE"
    assert aws.client("s3").get_object(Bucket="kept", Key="k")["Body"].read() == b"body"


def test_a_bucket_younger_than_its_stack_s_record_can_be_made_again(root):
    """What made `cdk bootstrap` fail after a kill: the files of the bucket, and no stack that owns it."""
    aws = instance.up(root)
    aws.client("s3").create_bucket(Bucket="young")
    aws.client("s3").put_bucket_versioning(Bucket="young", VersioningConfiguration={"Status": "Enabled"})
    aws.client("s3").put_object(Bucket="young", Key="k", Body=b"1")
    aws.client("s3").put_object(Bucket="young", Key="k", Body=b"2")
    kill(aws)
    shutil.rmtree(root / "state")  # as if it had been killed before its first save
    aws = instance.up(root)
    assert buckets(aws) == []
    aws.client("cloudformation").create_stack(StackName="s", TemplateBody=template(B=bucket("young")))
    assert settled(aws, "s") == "CREATE_COMPLETE"
    assert aws.client("s3").list_object_versions(Bucket="young").get("Versions", []) == []


def test_a_stack_whose_creation_was_killed_can_be_deleted_and_made(root):
    aws = instance.up(root)
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=template(B=bucket("b"), **WAITS))
    time.sleep(A_SAVE_LATER)
    cloudformation = (aws := killed_and_up(aws)).client("cloudformation")
    assert settled(aws, "s") == "ROLLBACK_FAILED"
    cloudformation.delete_stack(StackName="s")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    cloudformation.create_stack(StackName="s", TemplateBody=template(B=bucket("b")))
    assert settled(aws, "s") == "CREATE_COMPLETE"


def test_a_stack_whose_update_was_killed_can_be_updated(root):
    aws = instance.up(root)
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=template(A=bucket("a")))
    assert settled(aws, "s") == "CREATE_COMPLETE"
    both = {"A": bucket("a"), "B": bucket("b")}
    cloudformation.update_stack(StackName="s", TemplateBody=template(**both, **WAITS))
    time.sleep(A_SAVE_LATER)
    cloudformation = (aws := killed_and_up(aws)).client("cloudformation")
    assert settled(aws, "s") == "UPDATE_ROLLBACK_COMPLETE"
    cloudformation.update_stack(StackName="s", TemplateBody=template(**both))
    assert settled(aws, "s") == "UPDATE_COMPLETE"
    assert sorted(buckets(aws)) == ["a", "b"]


def test_a_quiet_server_writes_nothing(root):
    aws = instance.up(root)
    aws.client("sns").create_topic(Name="t")
    time.sleep(A_SAVE_LATER)
    files = {path: path.stat().st_mtime_ns for path in (root / "state").glob("*.json")}
    assert (root / "state" / "sns.json") in files
    aws.client("sns").list_topics()
    time.sleep(A_SAVE_LATER)
    assert {path: path.stat().st_mtime_ns for path in (root / "state").glob("*.json")} == files


def test_a_set_is_in_force_as_a_whole_or_not_at_all(tmp_path):
    snapshot.write(tmp_path, {"a": "1", "b": "1"})
    (tmp_path / "next.draft").mkdir()  # killed while writing
    (tmp_path / "next.draft" / "a.json").write_text("hal")
    snapshot.recover(tmp_path)
    assert (tmp_path / "a.json").read_text() == "1"
    (tmp_path / "next").mkdir()  # killed while moving: `a` is in its place already
    (tmp_path / "a.json").write_text("2")
    (tmp_path / "next" / "b.json").write_text("2")
    snapshot.recover(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.json": "2", "b.json": "2"}


def test_no_file_of_s3_is_removed_when_its_state_cannot_be_read(tmp_path):
    (tmp_path / "s3" / "000000000000" / "b").mkdir(parents=True)
    for text in ("", "[]", '{"payload": {"buckets_meta": {"b": {}}}}'):
        (tmp_path / "s3.json").write_text(text)
        assert snapshot.drop_unknown_buckets(tmp_path, tmp_path / "s3") == []
    (tmp_path / "s3.json").write_text(
        json.dumps({"payload": {"buckets_meta": {"__scoped__": True, "data": {"000000000000\0'b'": {}}}}})
    )
    assert snapshot.drop_unknown_buckets(tmp_path, tmp_path / "s3") == []
    (tmp_path / "s3.json").unlink()
    assert snapshot.drop_unknown_buckets(tmp_path, tmp_path / "s3") == ["b"]
