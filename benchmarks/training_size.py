"""How much memory and processor time does a training need? The real program on tables grown from the sample.

    python benchmarks/training_size.py

Each run is a process of its own and talks to an S3 on loopback, so its peak is its own. The floor is the
program on a table of 400 rows. Two rules are fitted by least squares of relative errors; how far they are off
at worst is printed with them. "cells" are rows times columns of numbers, "walked" are those retrodicted, both
at 8 bytes each; a "fit" is one window of one variable.
"""
# ruff: noqa: T201 - a script, whose output is a table

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROOT = Path(__file__).parents[1]
MIB = 1 << 20
DAY, HOUR = 86_400, 3_600
LONGEST_HORIZON = 260  # recursive_training/model/forecaster.py: no model reaches further ahead
KEY = "datasets/table"
START = np.datetime64("1990-01-01")
_ROW = "{:>9} {:>7} {:>7} {:>8} {:>9} {:>10} {:>6} {:>7} {:>8} {:>6}"


@dataclass(frozen=True)
class Case:
    """A table of `rows` observations, one every `spacing_seconds`, and the windows it is walked in.

    The period starts after that `skipped` share of the rows.
    """

    rows: int
    columns: int
    spacing_seconds: int
    window_days: int
    format: str = "csv"
    skipped: float = 0.0

    @property
    def start(self) -> str:
        return str(START + int(self.rows * self.skipped) * self.spacing_seconds // DAY)


CASES = (
    Case(400, 3, DAY, 30),
    Case(10_000, 3, DAY, 30),
    Case(10_000, 20, DAY, 30),
    Case(10_000, 100, DAY, 365),
    Case(100_000, 3, HOUR, 30),
    Case(100_000, 20, HOUR, 180, "parquet"),
    Case(100_000, 100, HOUR, 1000),
    Case(100_000, 100, HOUR, 365, "parquet", skipped=0.8),
    Case(1_000_000, 3, HOUR, 365),
    Case(1_000_000, 20, HOUR, 1000),
    Case(1_000_000, 20, HOUR, 1000, skipped=0.9),
    Case(1_000_000, 20, HOUR, 1000, "parquet", skipped=0.5),
)


@dataclass(frozen=True)
class Measured:
    """`fits`: windows walked, added up over the variables. `horizon`: observations a model looks ahead."""

    case: Case
    file_mib: float
    cells_mib: float
    walked_mib: float
    fits: int
    horizon: int
    peak_mib: float
    cpu_seconds: float


def grown(case: Case) -> bytes:
    """The file: random walks of the sample's own daily changes, drawn with a fixed seed, to two decimals."""
    sample = pl.read_csv(ROOT / "samples" / "market_daily.csv", infer_schema_length=None)
    prices = sample["spx_close"].drop_nulls().to_numpy()
    changes = np.diff(np.log(prices))
    changes -= changes.mean()
    random = np.random.default_rng(1)
    frame = pl.DataFrame(
        {
            "timestamp": START.astype("datetime64[us]")
            + np.arange(case.rows) * np.timedelta64(case.spacing_seconds, "s"),
            **{
                f"variable_{i}": np.round(100 * np.exp(0.1 * np.cumsum(random.choice(changes, case.rows))), 2)
                for i in range(case.columns)
            },
        }
    )
    buffer = io.BytesIO()
    getattr(frame, f"write_{case.format}")(buffer)
    return buffer.getvalue()


class Storage(BaseHTTPRequestHandler):
    """As much of S3 as a run uses: one object to read, and anything may be written."""

    protocol_version = "HTTP/1.1"
    body = b""

    def _answer(self, body: bytes = b"") -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        for name, value in {
            "Content-Length": str(len(body)),
            "ETag": '"e"',
            "Last-Modified": "Wed, 01 Jan 2020 00:00:00 GMT",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer(Storage.body)

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, *_arguments: object) -> None:
        pass


def measure(case: Case, endpoint: str) -> Measured:
    Storage.body = grown(case)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "metrics.json"
        subprocess.run(
            [sys.executable, "-m", "recursive_training.run_training", "--dataset-key", KEY,
             "--batch-size-days", str(case.window_days), "--start-date", case.start,
             "--output-file", str(out)],
            env=os.environ | {
                "PYTHONPATH": str(ROOT / "training"), "AWS_ENDPOINT_URL": endpoint,
                "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
                "S3_DATA_BUCKET": "data", "S3_RESULTS_BUCKET": "results",
                "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LOG_LEVEL": "ERROR",
            },
            check=True,
        )  # fmt: skip
        metrics: dict[str, Any] = json.loads(out.read_bytes())
    return Measured(
        case,
        metrics["data"]["bytes"] / MIB,
        metrics["data"]["rows"] * metrics["data"]["columns"] * 8 / MIB,
        sum(variable["observations"] for variable in metrics["variables"].values()) * 8 / MIB,
        sum(variable["windows"] for variable in metrics["variables"].values()),
        min(case.window_days * DAY // case.spacing_seconds, LONGEST_HORIZON),
        metrics["peak_memory_mib"],
        metrics["cpu_seconds"],
    )


def fitted(names: tuple[str, ...], rows: list[list[float]], found: list[float]) -> str:
    """The rule, and how far it is from the truth at worst, below and above."""
    a, y = np.array(rows), np.array(found)
    coefficients = np.linalg.lstsq(a / y[:, None], np.ones(len(y)), rcond=None)[0]
    ratio = y / (a @ coefficients)
    rule = " + ".join(f"{c:.4g} {name}".strip() for c, name in zip(coefficients, names, strict=True))
    return f"{rule}   (measured / rule: {ratio.min():.2f} to {ratio.max():.2f})"


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Storage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(
        _ROW.format(
            "rows",
            "columns",
            "format",
            "file MiB",
            "cells MiB",
            "walked MiB",
            "fits",
            "horizon",
            "peak MiB",
            "CPU s",
        )
    )
    found = []
    for case in CASES:
        one = measure(case, f"http://127.0.0.1:{server.server_port}")
        found.append(one)
        print(
            _ROW.format(
                case.rows,
                case.columns,
                case.format,
                f"{one.file_mib:.1f}",
                f"{one.cells_mib:.1f}",
                f"{one.walked_mib:.1f}",
                one.fits,
                one.horizon,
                f"{one.peak_mib:.0f}",
                f"{one.cpu_seconds:.1f}",
            ),
            flush=True,
        )
    peaks, seconds = [one.peak_mib for one in found], [one.cpu_seconds for one in found]
    memory = [[1, one.cells_mib, one.walked_mib, one.file_mib * (one.case.format == "csv")] for one in found]
    names = ("", "* cells MiB", "* walked MiB", "* CSV MiB")
    print("\npeak MiB =", fitted(names, memory, peaks))
    work = [[1, one.fits, one.fits * one.horizon, one.cells_mib] for one in found]
    print("CPU seconds =", fitted(("", "* fits", "* fits * horizon", "* cells MiB"), work, seconds))


if __name__ == "__main__":
    main()
