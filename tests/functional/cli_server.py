"""The HTTP API on loopback, as far as the command line can tell: it checks every signature, knows each job by
its Idempotency-Key, and can be told to answer otherwise or to lose its answer. Beside it CloudFormation's
DescribeStacks and what SQS has for dead letters, which no other AWS of these tests knows.
"""

import json
import os
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret"}
LOST = "the connection breaks after the request was taken"
JOB_ID = "batch-20260302093000-{:08x}"


@dataclass
class Call:
    method: str
    path: str
    key: str | None
    body: Any


@dataclass
class Api:
    """`answers` are used one a call: LOST, or status, body and headers; then calls succeed. `states` are what
    GET tells of a job, one a call, the last for ever.
    """

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["SUCCEEDED"])
    jobs: dict[str | None, dict[str, Any]] = field(default_factory=dict)
    quote: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)
    moves: list[dict[str, str]] = field(default_factory=list)

    def submitted(self, call: Call) -> dict[str, Any]:
        job_id = JOB_ID.format(len(self.jobs) + 1)
        name = f"pulse-retrodiction-{job_id.removeprefix('batch-')}"
        new = {
            "job_id": job_id,
            "batch_job_id": f"aws-{len(self.jobs) + 1}",
            "job_name": name,
            "status": "SUBMITTED",
            "created_at": "2026-03-02T09:30:00Z",
            "results": f"s3://pulse-results/results/{job_id}/",
        }
        if rerun_of := re.fullmatch(r"/jobs/(.+)/rerun", call.path):
            new["rerun_of"] = rerun_of[1]
        return self.jobs.setdefault(call.key, new)

    def state(self, job_id: str) -> dict[str, Any]:
        status = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {
            "job_id": job_id,
            "status": status,
            "created_at": "2026-03-02T09:30:00Z",
            "started_at": "2026-03-02T09:31:00Z",
            "stopped_at": "2026-03-02T09:35:00Z",
            "changes": [{"status": status, "attempts": 0, "at": "2026-03-02T09:31:00Z"}],
            "ran_seconds": 240.0,
            "status_reason": "Essential container in task exited" if status == "FAILED" else None,
            "results": f"s3://pulse-results/results/{job_id}/",
        }

    def answer(self, call: Call) -> tuple[int, Any]:
        if call.method == "GET":
            return 200, self.state(call.path.rpartition("/")[2])
        if "dry_run=true" in call.path:
            return 200, self.quote
        if call.path.endswith("/cancel"):
            return 202, {"job_id": call.path.split("/")[2], "status": "CANCELLING", **call.body}
        return 202, self.submitted(call)

    def describe_stacks(self) -> tuple[int, bytes]:
        if not self.outputs:
            error = "<Code>ValidationError</Code><Message>Stack with id PulseJobs does not exist</Message>"
            return 400, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>".encode()
        outputs = "".join(
            f"<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>"
            for name, value in self.outputs.items()
        )
        stack = f"<member><Outputs>{outputs}</Outputs></member>"
        result = f"<DescribeStacksResult><Stacks>{stack}</Stacks></DescribeStacksResult>"
        return 200, f"<DescribeStacksResponse>{result}</DescribeStacksResponse>".encode()

    def sqs(self, operation: str, asked: dict[str, Any]) -> tuple[int, Any]:
        """A dead-letter queue named x belongs to the queue x-source."""
        name = asked.get("QueueUrl", "").rpartition("/")[2]
        if operation == "StartMessageMoveTask":
            self.moves.append(asked)
        return 200, {
            "GetQueueUrl": {"QueueUrl": f"{self.url}/queue/{asked.get('QueueName')}"},
            "ListDeadLetterSourceQueues": {"queueUrls": [f"{self.url}/queue/{name}-source"]},
            "GetQueueAttributes": {
                "Attributes": {"QueueArn": f"arn:aws:sqs:us-east-1:123456789012:{name}"}
                if asked.get("AttributeNames") == ["QueueArn"]
                else {"ApproximateNumberOfMessages": str(self.dead_letters.get(name, 0))}
            },
            "ListMessageMoveTasks": {
                "Results": [
                    {"Status": "RUNNING"}
                    for move in self.moves
                    if move["SourceArn"] == asked.get("SourceArn")
                ]
            },
            "StartMessageMoveTask": {"TaskHandle": "handle"},
        }[operation]


@contextmanager
def serving():
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if body.startswith(b"Action=DescribeStacks"):
                self.reply(*api.describe_stacks())
                return
            if target := self.headers.get("x-amz-target"):
                self.reply(*api.sqs(target.partition(".")[2], json.loads(body)))
                return
            call = Call(
                self.command, self.path, self.headers.get("idempotency-key"), json.loads(body or "null")
            )
            api.calls.append(call)
            if not signed(self, body):
                self.reply(403, {"message": "Forbidden"})
                return
            told = api.answers.pop(0) if api.answers else None
            if told == LOST:
                api.answer(call)
                return
            self.reply(*told or api.answer(call))

        do_GET = do_POST  # noqa: N815 - http.server's own name

        def reply(self, status, content, headers=None):
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content if isinstance(content, bytes) else json.dumps(content).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def connected(monkeypatch, folder: Path):
    """An API that the command line finds by its address, and no other AWS but moto's; `folder` is its own."""
    for name in [name for name in os.environ if name.startswith("PULSE_")]:
        monkeypatch.delenv(name)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.chdir(folder)
    with serving() as api:
        for name in ("PULSE_API_URL", "AWS_ENDPOINT_URL_CLOUDFORMATION", "AWS_ENDPOINT_URL_SQS"):
            monkeypatch.setenv(name, api.url)
        yield api


def signed(handler, body: bytes) -> bool:
    """Whether the request has the Signature Version 4 that CREDENTIALS give it."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=somebody/\d+/([\w-]+)/execute-api/aws4_request, "
        r"SignedHeaders=(\S+), Signature=(\w+)",
        handler.headers.get("authorization", ""),
    )
    if not found:
        return False
    region, names, signature = found.groups()
    url = f"http://{handler.headers['host']}{handler.path}"
    headers = {name: handler.headers[name] for name in names.split(";")}
    request = AWSRequest(handler.command, url, data=body, headers=headers)
    request.context["timestamp"] = handler.headers["x-amz-date"]
    signer = SigV4Auth(Credentials(*CREDENTIALS.values()), "execute-api", region)
    return signature == signer.signature(
        signer.string_to_sign(request, signer.canonical_request(request)), request
    )
