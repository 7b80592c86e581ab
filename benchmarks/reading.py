"""How long does the training take to read a file, and how much memory, beside bare Polars?

    python -m benchmarks.reading [--runs 7] [--json]

Each measurement is a process of its own that holds the file's bytes, as the training does, and reads them
once: with bare Polars (`read_csv(try_parse_dates=True)`, `read_parquet`) or with `read_table`, the two by
turns. Wide tables show whether a column takes longer where there are more of them. Processor time is that of
all threads: it depends less on what else runs on the machine. The peak is that of the whole process.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).parents[1]
TARGET_RATIO = 1.5
TARGET_GROWTH = 1.2
_CSV_ROWS, _PARQUET_ROWS, _COLUMNS = 960_000, 1_620_000, 8  # about 100 MB each
_WIDE_ROWS, _WIDE_COLUMNS = 20, (20_000, 100_000)
_WIDE_RUNS = 3
_START = np.datetime64("2010-01-01T00:00:00", "us")
_MB = 1_000_000
_READ = """
import json, sys, time
from pathlib import Path
import polars as pl
from recursive_training.data.tables import read_table
from recursive_training.resources import usage
how, path = sys.argv[1:]
payload = Path(path).read_bytes()
before, begun = usage(), time.perf_counter()
if how == "training":
    frame = read_table(payload, path).frame
elif path.endswith(".parquet"):
    frame = pl.read_parquet(payload)
else:
    frame = pl.read_csv(payload, try_parse_dates=True)
wall, after = time.perf_counter() - begun, usage()
assert frame.height, "nothing was read"
print(json.dumps([wall, after.cpu_seconds - before.cpu_seconds, after.peak_memory_mib]))
"""


@dataclass(frozen=True)
class Read:
    """Medians of some runs; both times in seconds, the peak of the resident memory in MiB."""

    wall: float
    cpu: float
    peak_mib: float


@dataclass(frozen=True)
class Compared:
    """The two ways to read one file, and its size."""

    megabytes: float
    polars: Read
    training: Read

    @property
    def wall_ratio(self) -> float:
        return self.training.wall / self.polars.wall

    @property
    def cpu_ratio(self) -> float:
        return self.training.cpu / self.polars.cpu


def main(
    runs: Annotated[int, typer.Option(min=3, help="of each way and file, by turns")] = 7,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory() as folder:
        large = {
            name: _compare(make(Path(folder)), runs)
            for name, make in track(_LARGE.items(), "large files", console=console)
        }
        _show_large(console, large, runs)
        wide = {
            columns: _compare(_wide(Path(folder), columns), _WIDE_RUNS)
            for columns in track(_WIDE_COLUMNS, "wide tables", console=console)
        }
    _show_wide(console, wide)
    if as_json:
        print(json.dumps(_result(large, wide), indent=2))  # noqa: T201 - data on stdout


def _compare(path: Path, runs: int) -> Compared:
    """Reads the file both ways by turns, and deletes it."""
    megabytes = path.stat().st_size / _MB
    for how in ("polars", "training"):
        _read(how, path)  # compiles what it imports, and finds out early what cannot be read
    pairs = [(_read("polars", path), _read("training", path)) for _ in range(runs)]
    path.unlink()
    polars, training = zip(*pairs, strict=True)
    return Compared(megabytes, _medians(polars), _medians(training))


def _read(how: str, path: Path) -> Read:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "training")}
    done = subprocess.run(
        [sys.executable, "-c", _READ, how, str(path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{path.name} cannot be read with {how}: {done.stderr.strip().splitlines()[-1]}")
    return Read(*json.loads(done.stdout))


def _medians(reads: tuple[Read, ...]) -> Read:
    return Read(
        statistics.median(read.wall for read in reads),
        statistics.median(read.cpu for read in reads),
        statistics.median(read.peak_mib for read in reads),
    )


def _minutes(rows: int, decimals: int | None) -> pl.DataFrame:
    """A row a minute; random walks drawn with a fixed seed. Without `decimals`, all digits that they have."""
    random = np.random.default_rng(1)
    walks = {f"variable_{i}": 100 * np.exp(np.cumsum(random.normal(0, 1e-4, rows))) for i in range(_COLUMNS)}
    if decimals is not None:
        walks = {name: np.round(walk, decimals) for name, walk in walks.items()}
    return pl.DataFrame({"timestamp": _START + np.arange(rows) * np.timedelta64(60, "s"), **walks})


def _csv(folder: Path, times: str) -> Path:
    path = folder / "table.csv"
    _minutes(_CSV_ROWS, 6).write_csv(path, datetime_format=times)
    return path


def _dirty(folder: Path) -> Path:
    """One of its columns is text to Polars: `"1,000,034.56"`."""
    path = folder / "table.csv"
    frame = _minutes(_CSV_ROWS, 6)
    separated = [f"{10_000 * value:,.2f}" for value in frame["variable_0"]]
    frame = frame.with_columns(pl.Series("variable_0", separated))
    frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S")
    return path


def _parquet(folder: Path) -> Path:
    path = folder / "table.parquet"
    _minutes(_PARQUET_ROWS, None).write_parquet(path)
    return path


_TARGETED = {
    "CSV, 2010-01-01T00:00:00": lambda folder: _csv(folder, "%Y-%m-%dT%H:%M:%S"),
    "Parquet": _parquet,
}
_LARGE: Mapping[str, Callable[[Path], Path]] = {
    **_TARGETED,
    # As pandas writes times with a zone, and as Polars writes all times.
    "CSV, 2010-01-01 00:00:00+00:00": lambda folder: _csv(folder, "%Y-%m-%d %H:%M:%S+00:00"),
    "CSV, 2010-01-01T00:00:00.000000": lambda folder: _csv(folder, "%Y-%m-%dT%H:%M:%S%.6f"),
    "CSV, thousands separated in a column": _dirty,
}


def _wide(folder: Path, columns: int) -> Path:
    random = np.random.default_rng(1)
    path = folder / "wide.csv"
    with path.open("w") as file:
        file.write("timestamp," + ",".join(f"variable_{i}" for i in range(columns)) + "\n")
        for day in range(_WIDE_ROWS):
            cells = np.char.mod("%.2f", 100 + random.normal(size=columns))
            file.write(f"2020-01-{day + 1:02}," + ",".join(cells) + "\n")
    return path


def _show_large(console: Console, large: Mapping[str, Compared], runs: int) -> None:
    table = Table(
        "file",
        title=f"reading about 100 MB: medians of {runs}; target at most {TARGET_RATIO} x bare Polars "
        f"for {' and '.join(_TARGETED)}",
    )
    for column in (
        "bare Polars",
        "training",
        "ratio",
        "ratio of processor",
        "peak, Polars",
        "peak, training",
    ):
        table.add_column(column, justify="right")
    for name, one in large.items():
        table.add_row(
            name,
            f"{one.polars.wall:.2f} s",
            f"{one.training.wall:.2f} s",
            f"{one.wall_ratio:.2f}",
            f"{one.cpu_ratio:.2f}",
            f"{one.polars.peak_mib:.0f} MiB",
            f"{one.training.peak_mib:.0f} MiB",
        )
    console.print(table)


def _show_wide(console: Console, wide: Mapping[int, Compared]) -> None:
    table = Table(
        "columns",
        title=f"a CSV of {_WIDE_ROWS} rows and many columns: medians of {_WIDE_RUNS}; "
        f"target: a column takes at most {TARGET_GROWTH} times as long where there are more",
    )
    for column in ("bare Polars", "training", "a column, Polars", "a column, training", "peak, training"):
        table.add_column(column, justify="right")
    for columns_there, one in wide.items():
        table.add_row(
            f"{columns_there:,}",
            f"{one.polars.wall:.2f} s",
            f"{one.training.wall:.2f} s",
            f"{one.polars.wall / columns_there * 1e6:.0f} µs",
            f"{one.training.wall / columns_there * 1e6:.0f} µs",
            f"{one.training.peak_mib:.0f} MiB",
        )
    console.print(table)
    bare, own = (_growth(wide, how) for how in ("polars", "training"))
    console.print(f"Among the most columns one takes {own:.2f} times as long ({bare:.2f} with bare Polars).")


def _growth(wide: Mapping[int, Compared], how: str) -> float:
    """How many times as long a column takes among the most columns as among the fewest."""
    few, many = (getattr(wide[columns], how).wall / columns for columns in (min(wide), max(wide)))
    return float(many / few)


def _result(large: Mapping[str, Compared], wide: Mapping[int, Compared]) -> dict[str, Any]:
    return {
        "files": {name: _row(one) for name, one in large.items()},
        "target_ratio": TARGET_RATIO,
        "target_is_for": list(_TARGETED),
        "wide": {columns: _row(one) for columns, one in wide.items()},
        "growth": round(_growth(wide, "training"), 2),
        "target_growth": TARGET_GROWTH,
    }


def _row(one: Compared) -> dict[str, float]:
    return {
        "megabytes": round(one.megabytes, 1),
        "polars_seconds": round(one.polars.wall, 3),
        "training_seconds": round(one.training.wall, 3),
        "ratio": round(one.wall_ratio, 2),
        "ratio_of_processor": round(one.cpu_ratio, 2),
        "polars_peak_mib": round(one.polars.peak_mib),
        "training_peak_mib": round(one.training.peak_mib),
    }


if __name__ == "__main__":
    typer.run(main)
