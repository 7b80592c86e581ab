"""What `pulse demo` makes in an account, and that it removes it however it ends."""

import json
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from pulse.aws.client.demo_objects import DemoObjects
from pulse.aws.client.demo_tap import DemoTap
from pulse.cli.demo.removals import Removals
from pulse.domain.errors import Misconfigured

NAME = "pulse-demo-1"


@pytest.fixture
def session(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.Session(region_name="us-east-1")


@pytest.fixture
def topic(session):
    return session.client("sns").create_topic(Name="alerts")["TopicArn"]


@pytest.fixture
def tap(session, topic):
    return DemoTap(session.client, topic, NAME)


def there(session) -> list[str]:
    rules = session.client("events").list_rules()["Rules"]
    subscriptions = session.client("sns").list_subscriptions()["Subscriptions"]
    queues = session.client("sqs").list_queues().get("QueueUrls", [])
    return [*(r["Name"] for r in rules), *(s["Endpoint"] for s in subscriptions), *queues]


def make(tap, removals, most=4):
    for part in tap.parts()[:most]:
        removals.note(part.what, part.remove, part.command)
        part.make()


def test_should_hear_of_alerts(session, topic, tap):
    """Of events too: tests/local/test_demo.py, because moto's rules need a package more."""
    with Removals() as removals:
        make(tap, removals)
        session.client("sns").publish(TopicArn=topic, Message="an alert")
        message = next(tap.until(lambda: False, 60))

    assert message.body["Message"] == "an alert"
    assert message.arrived_at.tzinfo


def test_should_let_nobody_but_the_rule_and_the_topic_send_to_its_queue(session, topic, tap):
    with Removals() as removals:
        make(tap, removals)
        url = session.client("sqs").get_queue_url(QueueName=NAME)["QueueUrl"]
        policy = session.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        rule = session.client("events").describe_rule(Name=NAME)["Arn"]

    statements = json.loads(policy["Attributes"]["Policy"])["Statement"]
    assert {s["Principal"]["Service"]: s["Condition"]["ArnEquals"]["aws:SourceArn"] for s in statements} == {
        "events.amazonaws.com": rule,
        "sns.amazonaws.com": topic,
    }


@pytest.mark.parametrize("made", [1, 2, 3, 4])
def test_should_leave_nothing_when_it_is_interrupted(session, tap, made):
    removals = Removals()

    def interrupted():
        with removals:
            make(tap, removals, made)
            assert there(session)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert there(session) == []
    assert removals.left == []


def test_should_remove_a_part_whose_answer_was_lost(session, tap):
    """It is noted before it is made, so nothing is known of it but its name."""
    with Removals() as removals:
        for part in tap.parts():
            part.make()
            removals.note(part.what, part.remove, part.command)

    assert there(session) == []


def test_should_remove_what_was_never_made(tap):
    with Removals() as removals:
        for part in tap.parts():
            removals.note(part.what, part.remove, part.command)

    assert removals.left == []


@pytest.mark.parametrize("failure", [KeyboardInterrupt, Misconfigured("denied")])
def test_should_name_what_is_left_with_its_command_and_remove_the_rest(session, tap, capsys, failure):
    def fails():
        raise failure

    with Removals() as removals:
        for part in tap.parts():
            remove = fails if "queue" in part.what else part.remove
            removals.note(part.what, remove, part.command)
            part.make()

    assert removals.left == [f"the SQS queue {NAME}"]
    (left,) = there(session)
    assert left.endswith(NAME)
    told = capsys.readouterr().err
    assert f"Not removed: the SQS queue {NAME}" in told
    assert f'aws sqs delete-queue --queue-url "$(aws sqs get-queue-url --queue-name {NAME}' in told


def test_should_remove_every_version_of_its_objects_and_nothing_else(session, tmp_path):
    s3 = session.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    file = tmp_path / "market.csv"
    file.write_text("a,b\n1,2\n")
    objects = DemoObjects(session.client)
    s3.put_object(Bucket="data", Key="datasets/market.csv", Body=b"theirs")
    for _ in range(2):
        assert objects.put(file, "data", "datasets/demo/market.csv") <= datetime.now(UTC)
    s3.delete_object(Bucket="data", Key="datasets/demo/market.csv")

    objects.remove("data", "datasets/demo/")

    versions = s3.list_object_versions(Bucket="data")
    assert [one["Key"] for one in versions["Versions"]] == ["datasets/market.csv"]
    assert not versions.get("DeleteMarkers")
