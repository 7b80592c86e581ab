"""A bucket pair in moto, and the data container run beside a training that a test plays."""

import json
import logging
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from data_sidecar.__main__ import main
from data_sidecar.clock import Clock
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.s3.models import s3_backends

DATA, RESULTS = "pulse-test-data", "pulse-test-results"
NOW = datetime(2026, 12, 1, 6, 30, tzinfo=UTC)
LEAST_PAUSE_SECONDS = 0.2


@pytest.fixture(autouse=True)
def _process(monkeypatch) -> Iterator[None]:
    """Nobody's credentials, no pauses of the S3 client, and the process as it was afterwards."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "PULSE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    mask = os.umask(0o022)
    handler = signal.getsignal(signal.SIGTERM)
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    os.umask(mask)
    signal.signal(signal.SIGTERM, handler)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


class Store:
    def __init__(self, client) -> None:
        self.client = client

    def put(self, key: str, body: bytes | str = b"x", bucket: str = DATA) -> str | None:
        """Returns the version id."""
        payload = body.encode() if isinstance(body, str) else body
        return self.client.put_object(Bucket=bucket, Key=key, Body=payload).get("VersionId")

    def put_as_it_is(self, key: str, bucket: str = DATA) -> None:
        """Clients of HTTP resolve `..`; S3 does not."""
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(bucket, key, b"x")

    def result(self, key: str) -> bytes:
        return self.client.get_object(Bucket=RESULTS, Key=key)["Body"].read()

    def manifest(self, prefix: str = "results/run-1/") -> dict:
        return json.loads(self.result(f"{prefix}manifest.json"))

    def keys(self, prefix: str = "") -> list[str]:
        listed = self.client.list_objects_v2(Bucket=RESULTS, Prefix=prefix)
        return [one["Key"] for one in listed.get("Contents", [])]


@pytest.fixture(scope="module")
def s3() -> Iterator[object]:
    """Once a file: a client reads S3's description, which takes longer than a test."""
    with mock_aws():
        yield boto3.client("s3", region_name="us-east-1")


@pytest.fixture
def store(s3) -> Store:
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].reset()
    s3.create_bucket(Bucket=DATA)
    s3.create_bucket(Bucket=RESULTS)
    s3.put_bucket_versioning(Bucket=DATA, VersioningConfiguration={"Status": "Enabled"})
    return Store(s3)


class Turns(Clock):
    """A clock that only goes on while the data container waits, and lets the test do something each time.
    After the last turn comes SIGTERM.
    """

    def __init__(self, turns: tuple[Callable[[], object], ...]) -> None:
        super().__init__()
        self._turns = iter(turns)
        self._seconds = 0.0

    def listen(self) -> None:
        """SIGTERM is `terminate`."""

    def terminate(self) -> None:
        self._hear(signal.SIGTERM, None)

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self._seconds

    def pause(self, seconds: float) -> None:
        assert seconds >= LEAST_PAUSE_SECONDS
        self._seconds += seconds
        next(self._turns, self.terminate)()

    def skip(self, seconds: float) -> None:
        self._seconds += seconds


@dataclass
class Run:
    """The data container of one attempt. `code` and `lines` are there when it has ended."""

    folder: Path
    env: dict[str, str]
    capsys: pytest.CaptureFixture[str]
    clock: Turns = field(default_factory=lambda: Turns(()))
    code: int | None = None
    lines: list[str] = field(default_factory=list)

    def write(self, name: str, content: bytes | str = b"x") -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def end(self, code: int = 0) -> Callable[[], object]:
        """The training's last turn."""
        return lambda: self.write("ended", f"{code}\n")

    def go(self, *turns: Callable[[], object], **env: str | None) -> "Run":
        for name, value in env.items():
            self.env.pop(name, None)
            if value is not None:
                self.env[name] = value
        self.clock = Turns(turns)
        self.code = main(self.env, self.clock)
        self.lines = self.capsys.readouterr().out.splitlines()
        return self

    def marks(self) -> set[str]:
        return {one.name for one in self.folder.iterdir() if one.is_file()}

    @property
    def why(self) -> str:
        return (self.folder / "why").read_text()

    @property
    def failed(self) -> int:
        return int((self.folder / "failed").read_text())


@pytest.fixture
def attempt(tmp_path, capsys, monkeypatch) -> Callable[[], Run]:
    """Makes the next attempt: each has a volume of its own."""
    count = 0

    def make() -> Run:
        nonlocal count
        count += 1
        folder = tmp_path / f"attempt-{count}"
        folder.mkdir()
        env = {
            "S3_DATA_BUCKET": DATA,
            "S3_RESULTS_BUCKET": RESULTS,
            "PULSE_JOB_ID": "run-1",
            "PULSE_FOLDER": str(folder),
            "PULSE_RESULTS_PREFIX": "results/run-1/",
            "AWS_REGION": "us-east-1",
            "AWS_BATCH_JOB_ID": "batch-1",
            "AWS_BATCH_JOB_ATTEMPT": str(count),
        }
        return Run(folder, env, capsys)

    return make


@pytest.fixture
def run(attempt) -> Run:
    return attempt()


@pytest.fixture
def refuse(monkeypatch) -> Callable[..., list[str]]:
    """Lets S3 answer an operation with an error, `times` times, where the address has this path; gives the
    addresses that were refused.
    """

    def refuse(operation: str, status: int, code: str, times: int = 1000, path: str = "") -> list[str]:
        refused: list[str] = []

        # In moto's own place: what S3 refuses has not happened.
        def answer(stub: BotocoreStubber, event_name: str, request, **kwargs: object) -> object:
            is_meant = event_name == f"before-send.s3.{operation}" and path in request.url
            if not is_meant or len(refused) == times:
                return called(stub, event_name, request, **kwargs)
            refused.append(request.url)
            body = f"<Error><Code>{code}</Code><Message>Please</Message></Error>".encode()
            return AWSResponse(
                request.url, status, {}, MockRawResponse(b"" if request.method == "HEAD" else body)
            )

        called = BotocoreStubber.__call__
        monkeypatch.setattr(BotocoreStubber, "__call__", answer)
        return refused

    return refuse
