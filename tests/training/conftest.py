"""A bucket pair in moto, and a way to run the program on it as the container would."""

import json
import logging
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import numpy as np
import polars as pl
import pytest
from moto import mock_aws
from recursive_training.run_training import main

SAMPLE = Path(__file__).parents[2] / "samples" / "market_daily.csv"
DATA, RESULTS = "pulse-test-data", "pulse-test-results"


@pytest.fixture(autouse=True)
def _container(monkeypatch) -> Iterator[None]:
    """The environment of a job, nobody's credentials, and the process as it was afterwards."""
    for name in (
        "AWS_ENDPOINT_URL",
        "AWS_PROFILE",
        "AWS_BATCH_JOB_ID",
        "AWS_BATCH_JOB_ARRAY_INDEX",
        "USE_DASK",
        "DASK_THREADS",
        "LOG_LEVEL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("S3_DATA_BUCKET", DATA)
    monkeypatch.setenv("S3_RESULTS_BUCKET", RESULTS)
    monkeypatch.setenv("PULSE_JOB_ID", "run-1")
    handler = signal.getsignal(signal.SIGTERM)
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    signal.signal(signal.SIGTERM, handler)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture(scope="session")
def sample_path() -> Path:
    return SAMPLE


@pytest.fixture(scope="session")
def market():
    """Makes geometric random walks, one row a calendar day from 2020-01-01."""

    def make(days: int = 400, columns: tuple[str, ...] = ("price",)) -> pl.DataFrame:
        random = np.random.default_rng(7)
        times = np.datetime64("2020-01-01", "D") + np.arange(days)
        values = {name: 100 * np.exp(np.cumsum(random.normal(0, 0.01, days))) for name in columns}
        return pl.DataFrame({"timestamp": times.astype("datetime64[us]"), **values})

    return make


@pytest.fixture(scope="session")
def as_csv():
    def write(frame: pl.DataFrame) -> str:
        return frame.with_columns(pl.col("timestamp").dt.strftime("%Y-%m-%d")).write_csv()

    return write


@dataclass(frozen=True)
class Run:
    code: int
    lines: list[str]

    @property
    def last_message(self) -> str:
        return self.lines[-1].split(" - ERROR - ", 1)[1]


@pytest.fixture
def train(capsys):
    """Runs the command line in this process; gives its exit code and log."""

    def run(*argv: str) -> Run:
        code = main(list(argv))
        return Run(code, capsys.readouterr().out.splitlines())

    return run


class Store:
    def __init__(self, client) -> None:
        self.client = client

    def put(self, key: str, body: bytes | str) -> str:
        """Returns the version id."""
        payload = body.encode() if isinstance(body, str) else body
        return self.client.put_object(Bucket=DATA, Key=key, Body=payload)["VersionId"]

    def result(self, name: str, job: str = "run-1") -> bytes:
        return self.client.get_object(Bucket=RESULTS, Key=f"results/{job}/{name}")["Body"].read()

    def metrics(self, job: str = "run-1") -> dict:
        return json.loads(self.result("metrics.json", job))

    def result_keys(self) -> list[str]:
        return [o["Key"] for o in self.client.list_objects_v2(Bucket=RESULTS).get("Contents", [])]


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """One for all tests: it keeps the parsed service models, most of what a client costs."""
    return boto3.Session("test", "test", region_name="us-east-1")


@pytest.fixture
def store(monkeypatch, session) -> Iterator[Store]:
    with mock_aws():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=DATA)
        client.create_bucket(Bucket=RESULTS)
        client.put_bucket_versioning(Bucket=DATA, VersioningConfiguration={"Status": "Enabled"})
        yield Store(client)


@pytest.fixture
def sample(store) -> Store:
    """The store with the real market data in it."""
    store.put("datasets/market_daily.csv", SAMPLE.read_bytes())
    return store
