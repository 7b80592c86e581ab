"""`pulse doctor` over moto's AWS: what it asks, and that one refusal hides nothing else."""

import json

import boto3
import pytest
from moto import mock_aws
from msgspec import structs
from typer.testing import CliRunner

from pulse.aws.client import stack_outputs
from pulse.aws.client.account import Account
from pulse.cli.commands import doctor
from pulse.cli.main import app
from pulse.domain.errors import Misconfigured
from tests.unit.test_doctor import EXPECTED


@pytest.fixture
def account(monkeypatch):
    """Without stacks. Of what moto does not know, quotas are refused and concurrency is a new account's."""
    expected = structs.replace(EXPECTED, account="123456789012")  # moto's
    monkeypatch.setattr(doctor, "_expected", lambda _env: expected)
    monkeypatch.setattr(Account, "concurrency", lambda _self: 10)
    monkeypatch.setattr(stack_outputs, "outputs", lambda _session, _stack: None)

    def refused(_self, _service, _quota_code):
        raise Misconfigured("Reading a quota: AccessDenied")

    monkeypatch.setattr(Account, "quota", refused)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield boto3.Session(region_name="us-east-1")


def found(*words):
    ended = CliRunner().invoke(app, ["doctor", *words, "--json"])
    return ended.exit_code, {each["what"]: each for each in json.loads(ended.stdout)}


def test_should_look_into_an_account_before_anything_is_deployed(account):
    code, findings = found("--env", "prod")
    assert code == 1
    assert {what: each["verdict"] for what, each in findings.items()} == {
        "credentials": "ok",
        "region": "ok",
        "CDK bootstrap": "failed",
        "Fargate vCPU": "not known",
        "Fargate Spot vCPU": "not known",
        "Lambda concurrency": "warning",
        "Slack webhook": "failed",
        "stacks": "failed",
    }
    assert "ENV=prod" in findings["stacks"]["next_step"]


def test_should_see_what_was_repaired(account):
    name = "/cdk-bootstrap/hnb659fds/version"
    account.client("ssm").put_parameter(Name=name, Value="28", Type="String")
    account.client("secretsmanager").create_secret(Name=EXPECTED.secret, SecretString="https://example.com")
    _, findings = found()
    assert findings["CDK bootstrap"]["found"] == "version 28"
    assert findings["Slack webhook"]["verdict"] == "ok"


def test_should_look_into_what_is_deployed(account, monkeypatch):
    sqs, sns = account.client("sqs"), account.client("sns")
    url = sqs.create_queue(QueueName="events-dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    topics = {name: sns.create_topic(Name=name)["TopicArn"] for name in ("AlertsTopic", "AlarmsTopic")}
    for address in EXPECTED.emails:
        sns.subscribe(TopicArn=topics["AlertsTopic"], Protocol="email", Endpoint=address)
    outputs = topics | {"EventsDeadLetters": "arn:aws:sqs:us-east-1:123456789012:events-dead"}
    monkeypatch.setattr(stack_outputs, "outputs", lambda _session, _stack: outputs)
    monkeypatch.setattr(Account, "queues", lambda _self, names: dict.fromkeys(names))
    _, findings = found()
    assert findings["alarms to"]["verdict"] == "failed"
    assert "a@example.com" in findings["alarms to"]["found"]
    assert findings["queue fifo"]["verdict"] == "failed"
    assert findings["dead letters: job events"]["found"] == "1 wait"


def test_should_refuse_an_environment_that_is_not_there():
    ended = CliRunner().invoke(app, ["doctor", "--env", "nobody"])
    assert ended.exit_code == 2
    assert "prod.example" in ended.stderr
