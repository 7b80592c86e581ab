"""How good is the training's forecast, and how fast, beside baselines, one model and a bare numpy loop?

    python -m benchmarks.training [--series FOLDER] [--most 30]

The folder holds `<name>.csv` (a time and a value) and `meta.json`, which gives each name its `batch` (days in
a window) and `start` (first day, or null); without it, the sample is walked. MASE is over that of copying the
last value, of the better baseline and of the momentum ridge alone, the interval score over the latter's.
Windows a second are by processor time.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import polars as pl
import typer
from recursive_training.model.inputs import Choice
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.model.scores import interval_scores
from recursive_training.model.windows import cut, usable
from recursive_training.series import Series, Window
from recursive_training.steps.walk import retrodict, retrodictions
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples" / "market_daily.csv"
ONE_MODEL = Choice(("momentum-ridge",))
_LAGS, _PENALTY = 21, 100.0
_START = (
    "import time; import recursive_training.run_training; from recursive_training.steps import training; "
)
Work = tuple[Series, list[Window], int]


def main(
    series: Annotated[Path | None, typer.Option(help="A folder of series and their meta.json.")] = None,
    most: Annotated[int, typer.Option(help="Windows of a series, evenly spaced.")] = 30,
) -> None:
    console = Console()
    works = list(_folder(series) if series else _sample())
    console.print(_table(works, most))
    one, windows, days = works[-1]
    ours = _a_second(len(windows), lambda: list(retrodictions(one, windows, days)))
    bare = _a_second(len(windows), lambda: [_bare(one, window, days) for window in windows])
    console.print(
        f"{one.name}: {ours:,.0f} windows a second with intervals; bare numpy loop, none: {bare:,.0f}"
    )
    program = _START + "print(time.process_time())"
    with tempfile.TemporaryDirectory() as byte_code:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        kept["PYTHONPYCACHEPREFIX"] = byte_code  # as in the image, whose packages are compiled
        for _ in range(2):
            started = subprocess.run(
                [sys.executable, "-c", program],
                capture_output=True, text=True, check=True, cwd=ROOT / "training", env=kept,
            )  # fmt: skip
    console.print(f"Start-up: {float(started.stdout):.2f} s of processor time")


def _sample() -> Iterator[Work]:
    frame = pl.read_csv(SAMPLE, try_parse_dates=True)
    for name in frame.columns[1:]:
        yield _work(name, frame.select("timestamp", name), date(2004, 1, 2), 30)


def _folder(folder: Path) -> Iterator[Work]:
    for name, facts in json.loads((folder / "meta.json").read_text()).items():
        path = folder / f"{name}.csv"
        start = date.fromisoformat(facts["start"]) if facts["start"] else None
        frame = pl.read_csv(path if path.exists() else SAMPLE, try_parse_dates=True)
        value = name if name in frame.columns else frame.columns[1]
        yield _work(name, frame.select(frame.columns[0], value), start, facts["batch"])


def _work(name: str, frame: pl.DataFrame, start: date | None, days: int) -> Work:
    rows = frame.drop_nulls().sort(frame.columns[0])
    times = rows.to_series(0).cast(pl.Datetime("us")).to_numpy()
    series = Series(name, times, rows.to_series(1).cast(pl.Float64).to_numpy())
    first, last = (one.astype("datetime64[D]").item() for one in (times[0], times[-1]))
    return series, usable(series, cut(start or first, last, days), days).windows, days


def _table(works: list[Work], most: int) -> Table:
    table = Table(
        "series", "windows", "MASE / naive", "/ best baseline", "/ one model", "interval score", "coverage"
    )
    ratios = []
    for series, windows, days in works:
        some = [windows[i] for i in np.unique(np.linspace(0, len(windows) - 1, most).astype(int))]
        ours = [retrodict(series, window, days) for window in some]
        one = [retrodict(series, window, days, ONE_MODEL) for window in some]
        naive, seasonal = _mase(ours, "persistence"), _mase(ours, "seasonal_naive")
        mine, width = _mase(ours, "retrodicted"), _interval_score(ours) / _interval_score(one)
        best = np.nanmin([naive, seasonal])
        ratios.append((mine / naive, mine / best, mine / _mase(one, "retrodicted"), width))
        inside = [(part.lower <= part.actual) & (part.actual <= part.upper) for part in ours]
        cells = (*(f"{ratio:.3f}" for ratio in ratios[-1]), f"{np.mean(np.concatenate(inside)):.0%}")
        table.add_row(series.name, str(len(some)), *cells)
    table.add_row(
        "geometric mean", "", *(f"{mean:.3f}" for mean in np.exp(np.mean(np.log(ratios), axis=0))), ""
    )
    return table


def _mase(parts: list[Retrodiction], name: str) -> float:
    return float(np.mean([np.mean(np.abs(p.actual - getattr(p, name))) / p.naive_error for p in parts]))


def _interval_score(parts: list[Retrodiction]) -> float:
    scores = [np.mean(interval_scores(p.actual, p.lower, p.upper)) / p.naive_error for p in parts]
    return float(np.mean(scores))


def _bare(series: Series, window: Window, days: int) -> np.ndarray:
    """A direct ridge on lags, fitted anew for the window: no choice, no interval."""
    known = np.log(series.before(window.start).latest(1260).values)
    ahead = max(days * 5 // 7, 1)
    rows = np.lib.stride_tricks.sliding_window_view(known, _LAGS + ahead)
    now = rows[:, _LAGS - 1 : _LAGS]
    past, future = rows[:, :_LAGS] - now, rows[:, _LAGS:] - now
    fit = np.linalg.solve(past.T @ past + _PENALTY * np.eye(_LAGS) * past.var(), past.T @ future)
    return np.exp(known[-1] + (known[-_LAGS:] - known[-1]) @ fit)


def _a_second(count: int, walk: Callable[[], object]) -> float:
    walk()
    begun = time.process_time()
    walk()
    return count / (time.process_time() - begun)


if __name__ == "__main__":
    typer.run(main)
