"""Cuts the period into windows, and says which of them a variable can be retrodicted in."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from recursive_training.model.history import LEAST_NEEDED, MOST_NEEDED, observations_needed
from recursive_training.series import Series, Window


def cut(start: date, end: date, batch_size_days: int) -> list[Window]:
    """Windows of `batch_size_days` calendar days from `start`; the last one ends with `end` (inclusive)."""
    last = np.datetime64(end, "us") + np.timedelta64(1, "D")
    starts = np.arange(np.datetime64(start, "us"), last, np.timedelta64(batch_size_days, "D"))
    ends = [*starts[1:], last]
    return [Window(i, a, b) for i, (a, b) in enumerate(zip(starts, ends, strict=True))]


@dataclass(frozen=True)
class Usable:
    """The windows to walk for one variable, and a sentence for each reason others are left out."""

    windows: list[Window]
    left_out: list[str]


def usable(series: Series, windows: list[Window], batch_size_days: int) -> Usable:
    """Keeps the windows that hold an observation and have enough history before them.

    How much is enough is told from the history before each window, never from the dates that follow.
    """
    empty: list[Window] = []
    short: list[Window] = []
    kept: list[Window] = []
    fewest = 0
    edges = np.array([(window.start, window.end) for window in windows], dtype="datetime64[us]")
    for window, (known, last) in zip(windows, np.searchsorted(series.times, edges), strict=True):
        if known == last:
            empty.append(window)
            continue
        if known < MOST_NEEDED:
            needed = observations_needed(series.times[:known], batch_size_days)
            if known < needed:
                short.append(window)
                fewest = needed  # it never falls as more is known
                continue
        kept.append(window)
    sentences = []
    if empty:
        sentences.append(f"{_count(series, empty, windows)} no observation ({_spans(empty)}).")
    if short:
        sentences.append(
            f"{_count(series, short, windows)} fewer than {fewest} observations before ({_spans(short)})."
        )
    return Usable(kept, sentences)


def first_day(series: Series, batch_size_days: int) -> date | None:
    """The first day with an observation that has enough history before it; None when there is none."""
    for known in range(LEAST_NEEDED, min(MOST_NEEDED, len(series)) + 1):
        if known >= observations_needed(series.times[:known], batch_size_days):
            next_day = series.times[known - 1].astype("datetime64[D]") + 1
            ahead = series.times[np.searchsorted(series.times, next_day) :]
            return _date(ahead[0]) if len(ahead) else None
    return None


def _date(moment: np.datetime64) -> date:
    day: date = moment.astype("datetime64[D]").item()
    return day


def _count(series: Series, part: list[Window], whole: list[Window]) -> str:
    return f"{series.name}: {len(part)} of {len(whole)} windows left out, with"


def _spans(windows: list[Window], most: int = 4) -> str:
    """The windows as runs of days, the longest few by name."""
    runs: list[list[Window]] = []
    for window in windows:
        if runs and runs[-1][-1].index + 1 == window.index:
            runs[-1].append(window)
        else:
            runs.append([window])
    longest = sorted(sorted(runs, key=len, reverse=True)[:most], key=lambda run: run[0].index)
    named = [f"{_day(run[0].start)} to {_day(run[-1].end - np.timedelta64(1, 'us'))}" for run in longest]
    rest = len(runs) - len(named)
    return ", ".join(named) + (f" and {rest} more" if rest else "")


def _day(moment: np.datetime64) -> str:
    return str(moment.astype("datetime64[D]"))
