"""The functions as deployed, over moto's DynamoDB, S3, SNS, SQS and Secrets Manager, and an AWS Batch whose
answers a test writes: real botocore on the way there and back, no socket.
"""

import io
import json
import logging
import types
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto import mock_aws
from msgspec import structs
from recursive_training.data.names import TABLE_SUFFIXES

from lambdas import on_job_event
from lambdas.wiring import get_job as query_wiring
from lambdas.wiring import on_job_event as event_wiring
from lambdas.wiring import reconcile_jobs as reconcile_wiring
from lambdas.wiring import shared
from pulse.aws import clients
from pulse.aws.ledger.ledger import Ledger
from pulse.aws.ledger.table import LedgerTable
from pulse.domain.catalogue.catalogue import Queue
from pulse.domain.catalogue.trigger import Trigger
from pulse.domain.request.defaults import RequestDefaults
from pulse.domain.request.profile import Profile
from pulse.settings import Settings
from tests.prices import PRICES

EVENTS = Path(__file__).parent.parent / "events"
QUEUE_ARN = "arn:aws:batch:us-east-1:123456789012:job-queue/pulse-retrodiction-job-queue"
DATA, RESULTS, TABLE = "pulse-data", "pulse-results", "ledger"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class BatchEndpoint:
    """AWS Batch as the client sees it: `answers` to SubmitJob are consumed one a call (a body, a status with
    an error code, or an exception), then every call succeeds. `requests` are the bodies that came, `stopped`
    those of TerminateJob. `listed` are the jobs that ListJobs knows: their ids by name; `refuses`, what it
    answers instead. `snapshots`: what GetJobQueueSnapshot answers, by the queue's ARN; `described`: the
    details that DescribeJobs knows, by id.
    """

    def __init__(self):
        self.answers = []
        self.requests = []
        self.stopped = []
        self.listed = {}
        self.refuses = None
        self.snapshots = {}
        self.described = {}

    def __call__(self, request, **_):
        operation = request.url.rpartition("/")[2]
        return _answered(request, getattr(self, f"_{operation}")(json.loads(request.body)))

    def _submitjob(self, body):
        self.requests.append(body)
        if self.answers:
            return self.answers.pop(0)
        return {"jobId": f"aws-{len(self.requests)}", "jobName": body["jobName"]}

    def _listjobs(self, body):
        if self.refuses:
            return self.refuses
        name = body["filters"][0]["values"][0]
        return {
            "jobSummaryList": [{"jobId": self.listed[name], "jobName": name}] if name in self.listed else []
        }

    def _getjobqueuesnapshot(self, body):
        return self.snapshots.get(body["jobQueue"], {})

    def _describejobs(self, body):
        return {"jobs": [self.described[job] for job in body["jobs"] if job in self.described]}

    def _terminatejob(self, body):
        self.stopped.append(body)
        return {}


def _answered(request, answer):
    if isinstance(answer, Exception):
        raise answer
    status, headers, body = 200, {}, answer
    if isinstance(answer, tuple):
        status, code, message = answer
        headers, body = {"x-amzn-errortype": code}, {"message": message}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return AWSResponse(request.url, status, headers, _Raw(raw))


class _Raw:
    def __init__(self, body):
        self._body = body

    def stream(self, **_):
        yield self._body


class Clock:
    """The time of the functions, which stands still until a test moves it."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def forward(self, **delta):
        self.now += timedelta(**delta)


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """One for all tests: it keeps the parsed service models, most of what a client costs."""
    return boto3.Session("testing", "testing", "testing", "us-east-1")


@pytest.fixture(scope="session")
def own_client(session) -> Callable[[str], Any]:
    """The tests' own clients, by their service: a new one for each test costs more than most tests."""
    return cache(session.client)


@pytest.fixture(scope="session")
def own_tables(session) -> Any:
    return session.resource("dynamodb")


@pytest.fixture(autouse=True)
def aws(monkeypatch, session) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "function")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
        monkeypatch.setattr(clients, "session", lambda: session._session)
        yield


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(shared, "now", clock)
    monkeypatch.setattr(shared, "pause_up_to", lambda seconds: clock.forward(seconds=seconds))
    monkeypatch.setattr(shared, "pause_at_least", lambda seconds: clock.forward(seconds=seconds))
    return clock


@pytest.fixture
def batch(monkeypatch) -> BatchEndpoint:
    endpoint = BatchEndpoint()

    def answering(make):
        def client():
            made = make()
            made.meta.events.register_first("before-send.batch", endpoint)
            return made

        return client

    for name in ("batch", "batch_reading"):
        monkeypatch.setattr(clients, name, answering(getattr(clients, name)))
    return endpoint


@pytest.fixture
def s3(own_client):
    s3 = own_client("s3")
    s3.create_bucket(Bucket=DATA)
    s3.put_bucket_versioning(Bucket=DATA, VersioningConfiguration={"Status": "Enabled"})
    s3.create_bucket(Bucket=RESULTS)
    return s3


@pytest.fixture
def table(own_client, own_tables):
    dynamodb = own_client("dynamodb")
    key = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    indexed = ("day", "status", "profile", "dataset")
    attributes = [
        {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "created_at", *indexed)
    ]
    indexes = [
        {
            "IndexName": f"by_{name}",
            "KeySchema": [
                {"AttributeName": name, "KeyType": "HASH"},
                {"AttributeName": "created_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
        for name in indexed
    ]
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=key,
        AttributeDefinitions=attributes,
        GlobalSecondaryIndexes=indexes,
        BillingMode="PAY_PER_REQUEST",
    )
    return own_tables.Table(TABLE)


@pytest.fixture
def ledger_table(table) -> LedgerTable:
    return LedgerTable(clients.dynamodb(), TABLE)


@pytest.fixture
def ledger(ledger_table) -> Ledger:
    return Ledger(ledger_table, timedelta(days=400))


@pytest.fixture
def topic(own_client):
    """An SNS topic and the SQS queue that subscribes to it as send_alert's does."""
    sns, sqs = own_client("sns"), own_client("sqs")
    arn = sns.create_topic(Name="alerts")["TopicArn"]
    url = sqs.create_queue(QueueName="alerts")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    return types.SimpleNamespace(arn=arn, url=url)


@pytest.fixture
def alerts(topic, own_client) -> Callable[[], list]:
    """What was published since the last call."""
    sqs = own_client("sqs")

    def received():
        found = []
        while messages := sqs.receive_message(QueueUrl=topic.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=topic.url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
        return found

    return received


@pytest.fixture
def settings(topic) -> Settings:
    small = Profile(vcpus=1, memory_mib=2048, timeout_seconds=3600, attempts=3, queue="fifo")
    return Settings(
        ledger_table=TABLE,
        data_bucket=DATA,
        results_bucket=RESULTS,
        job_definition="arn:aws:batch:us-east-1:123456789012:job-definition/pulse-retrodiction-training:7",
        queues={
            "fifo": Queue(arn=QUEUE_ARN),
            "fair": Queue(arn=QUEUE_ARN.replace("-job-queue", "-fair-queue"), fair_share=True),
        },
        profiles={"small": small},
        request_defaults=RequestDefaults(profile="small", variables=("spx_close", "us_10y_yield")),
        triggers=(Trigger(suffix=".csv", profile="small"),),
        table_suffixes=TABLE_SUFFIXES,
        tags={"Project": "Pulse", "CreatedBy": "pulse"},
        alerts_topic=topic.arn,
        slack_webhook_secret="slack",
        slack_hosts=("127.0.0.1",),
        log_group="/pulse/training",
        prices=PRICES,
    )


@pytest.fixture
def deployed(monkeypatch, settings, table, s3, topic, clock, batch) -> Iterator[None]:  # noqa: PLR0913, PLR0917 - fixtures and parameters
    """The functions' environment, and a bootstrap that has wired nothing yet."""
    for name, value in settings.to_env().items():
        monkeypatch.setenv(name, value)
    modules = (shared, event_wiring, query_wiring, reconcile_wiring)
    wired = [value for module in modules for value in vars(module).values()]
    caches = [value for value in wired if hasattr(value, "cache_clear")]
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.fixture
def context():
    return types.SimpleNamespace(
        function_name="function",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:function",
        aws_request_id="52fdfc07-2182-154f-163f-5f0f9a621d72",
        get_remaining_time_in_millis=lambda: 28_000,
    )


@pytest.fixture
def event() -> Callable[[str], dict]:
    """A recorded event by its name."""
    return lambda name: json.loads((EVENTS / f"{name}.json").read_text())


@pytest.fixture
def sqs_event() -> Callable[..., dict]:
    """Bodies as the batch of SQS messages in which Lambda gets them."""

    def wrapped(*bodies):
        return {
            "Records": [
                {
                    "messageId": f"message-{index}",
                    "receiptHandle": "AQEB",
                    "body": body if isinstance(body, str) else json.dumps(body),
                    "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1772443800000"},
                    "messageAttributes": {},
                    "md5OfBody": "",
                    "eventSource": "aws:sqs",
                    "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
                    "awsRegion": "us-east-1",
                }
                for index, body in enumerate(bodies)
            ]
        }

    return wrapped


@pytest.fixture
def failed() -> Callable[[dict], list[str]]:
    """The messages that SQS shall deliver again."""
    return lambda answer: [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def happen(sqs_event, context, event, failed) -> Callable[..., list[str]]:
    """Delivers events to on_job_event, recorded ones by name, each in a batch of its own, and says which come
    again.
    """
    return lambda *events: [
        message
        for one in events
        for message in failed(
            on_job_event.handler(sqs_event(event(one) if isinstance(one, str) else one), context)
        )
    ]


@pytest.fixture
def log_lines(monkeypatch) -> Callable[[], list[dict]]:
    """What the functions logged: one JSON document a line, or this fails."""
    stream = io.StringIO()
    for function in ("submit_job", "on_job_event", "reconcile_jobs", "send_alert"):
        for handler in logging.getLogger(function).handlers:
            monkeypatch.setattr(handler, "stream", stream, raising=False)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def reruns(monkeypatch, settings, deployed, own_client):
    """The queue of reruns, and what submit_job makes of its messages."""
    sqs = own_client("sqs")
    url = sqs.create_queue(QueueName="drops")["QueueUrl"]
    for name, value in structs.replace(settings, reruns_queue=url).to_env().items():
        monkeypatch.setenv(name, value)
    shared.settings.cache_clear()

    def received():
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    return received


@pytest.fixture
def end(event, sqs_event, context, batch):
    """The job of the SubmitJob with this number has ended as a recorded event says."""

    def tell(name, number=0, **changes):
        happened, sent = event(name), batch.requests[number]
        happened["detail"] |= {
            "jobName": sent["jobName"],
            "jobId": f"aws-{number + 1}",
            "jobQueue": sent["jobQueue"],
            **changes,
        }
        happened["detail"]["container"]["environment"] = sent["containerOverrides"]["environment"]
        on_job_event.handler(sqs_event(happened), context)

    return tell
