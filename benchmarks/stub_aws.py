"""An AWS that answers at once, on loopback: as much of it as one invocation of each function asks."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from infra.config import function_settings, load
from infra.config.function_settings import Deployed, settings

_ARN = "arn:aws:{}:us-east-1:123456789012:{}"
_EVENTS = Path(__file__).parents[1] / "tests" / "events"
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class StubAws(ThreadingHTTPServer):
    """`items`: of the ledger, for whoever gets one by its key. `secret`: what Secrets Manager keeps."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.items: list[dict[str, Any]] = []
        self.secret = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: StubAws

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        raw = self._raw(body)
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        self.wfile.write(f"{head}{len(raw)}\r\n\r\n".encode() + raw)

    do_GET = do_DELETE = do_PUT = do_POST  # noqa: N815 - the names that http.server calls

    def _raw(self, body: bytes) -> bytes:
        match self._operation(body):
            case "GetItem":
                return json.dumps(self._item(json.loads(body)["Key"])).encode()
            case "Query":
                return b'{"Items": []}'
            case "GetSecretValue":
                return json.dumps({"SecretString": self.server.secret}).encode()
            case "Publish":
                return b"<PublishResponse><PublishResult/></PublishResponse>"
            case other:
                return answer(other)

    def _item(self, key: dict[str, Any]) -> dict[str, Any]:
        found = (item for item in self.server.items if key == {name: item[name] for name in key})
        return next(({"Item": item} for item in found), {})

    def _operation(self, body: bytes) -> str:
        """DynamoDB's and other JSON protocols' in a header, SNS's in the body, of AWS Batch in the path."""
        if target := self.headers.get("X-Amz-Target"):
            return target.rpartition(".")[2]
        if body.startswith(b"Action="):
            return body.partition(b"&")[0].decode().removeprefix("Action=")
        return self.path.rpartition("/")[2] if self.path.startswith("/v1/") else ""

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def answer(operation: str) -> bytes:
    """To SubmitJob (whose path is in small letters), and to a write that needs no answer."""
    body = {"jobId": str(uuid.uuid4()), "jobName": "job"} if operation == "submitjob" else {}
    return json.dumps(body).encode()


@contextmanager
def serving() -> Iterator[StubAws]:
    server = StubAws()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def environment(endpoint_url: str, function: str = "submit_job") -> dict[str, str]:
    """The variables of a function that is deployed with config/default.yaml, and its credentials."""
    configured = load.load()
    deployed = Deployed(
        ledger_table="ledger",
        data_bucket="pulse-data",
        results_bucket="pulse-results",
        alerts_topic=_ARN.format("sns", "alerts"),
        log_group="/pulse/training",
        queues={name: _ARN.format("batch", f"job-queue/{name}") for name in configured.queues},
        definitions={"FARGATE": _ARN.format("batch", "job-definition/pulse-retrodiction-training:7")},
        fargate_environments={name: f"pulse-{name}" for name in configured.fargate_environments},
    )
    told = function_settings.variables(settings(configured, deployed), function)
    return told | _CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint_url, "AWS_LAMBDA_FUNCTION_NAME": function}


def call() -> dict[str, Any]:
    """`POST /jobs` as the HTTP API hands it to the function."""
    event: dict[str, Any] = json.loads((_EVENTS / "http_post_jobs.json").read_text())
    return event


def drop(key: str) -> dict[str, Any]:
    """A data set that was dropped, as SQS hands its event to the function."""
    event = json.loads((_EVENTS / "s3_object_created_versioned.json").read_text())
    event["detail"]["object"]["key"] = key
    return message(json.dumps(event))


def message(body: str) -> dict[str, Any]:
    """One SQS message, as a batch."""
    record = {"messageId": "1", "receiptHandle": "1", "body": body, "eventSource": "aws:sqs"}
    return {"Records": [record | {"attributes": {}, "messageAttributes": {}, "awsRegion": "us-east-1"}]}


def context() -> SimpleNamespace:
    return SimpleNamespace(
        function_name="submit_job",
        memory_limit_in_mb=512,
        invoked_function_arn=_ARN.format("lambda", "function:submit_job"),
        aws_request_id="52fdfc07-2182-154f-163f-5f0f9a621d72",
        get_remaining_time_in_millis=lambda: 28_000,
    )
