"""Retrodictions as a table, one row for each variable, window and observation, and back again."""

import io
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recursive_training.errors import MissingPartError
from recursive_training.model.ahead import next_times
from recursive_training.model.forecaster import Learned
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.series import Series, Window

_ARRAYS = ("actual", "retrodicted", "lower", "upper", "persistence", "seasonal_naive")
_SCALES: dict[str, Any] = {
    "naive_error": pl.Float64,
    "naive_root_mean_square": pl.Float64,
    "seasonal_naive_error": pl.Float64,
    "season": pl.String,
}
_OF_A_WINDOW: dict[str, Any] = {
    "variable": pl.String,
    "window": pl.Int64,
    "window_start": pl.Datetime("us"),
    "model": pl.String,
}


def parquet(parts: Sequence[Retrodiction]) -> bytes:
    """retrodictions.parquet: with the scales, so that every score can be computed from it again.

    `step` counts a window's observations from 1; what was known before `window_start` is all that a row
    knows.
    """
    of_a_window = _OF_A_WINDOW | _SCALES
    frames = [_frame(list(group), of_a_window) for _, group in groupby(parts, lambda part: part.variable)]
    return as_parquet(frames or [_frame([], of_a_window)])


def as_parquet(tables: Sequence[pl.DataFrame]) -> bytes:
    buffer = io.BytesIO()
    pl.concat(tables).write_parquet(buffer)
    return buffer.getvalue()


def forecast(learned: Learned, known: Series) -> pl.DataFrame:
    """The next period of a variable, one row a step; forecast.parquet has all variables below each other."""
    found = learned.forecast_next(known.values)
    return pl.DataFrame(
        {
            "variable": known.name,
            "model": learned.name,
            "step": np.arange(1, learned.steps + 1),
            "timestamp": next_times(known.times, learned.steps),
            "forecast": found.middle,
            "lower": found.lower,
            "upper": found.upper,
        }
    )


def retrodictions(payload: bytes, windows: Sequence[Window], uri: str) -> list[Retrodiction]:
    """What `parquet` wrote, in its order. Raises MissingPartError when it did not write this."""
    try:
        frame = pl.read_parquet(io.BytesIO(payload)).select(*_OF_A_WINDOW, *_SCALES, "timestamp", *_ARRAYS)
        return [_retrodiction(part, windows) for part in frame.partition_by("variable", "window")]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, IndexError) as error:
        raise MissingPartError(f"{uri} holds no retrodictions: {error}. Submit the run again.") from error


def _frame(parts: Sequence[Retrodiction], of_a_window: Mapping[str, Any]) -> pl.DataFrame:
    place = np.repeat(np.arange(len(parts)), [len(part.times) for part in parts])
    values = {
        "variable": [part.variable for part in parts],
        "window": [part.window.index for part in parts],
        "window_start": np.array([part.window.start for part in parts], dtype="datetime64[us]"),
        **{name: [getattr(part, name) for part in parts] for name in ("model", *_SCALES)},
    }
    windows = pl.DataFrame({name: values[name] for name in of_a_window}, schema=of_a_window)
    return windows[place].with_columns(
        pl.Series("step", _joined([np.arange(1, len(part.times) + 1) for part in parts], "int64")),
        pl.Series("timestamp", _joined([part.times for part in parts], "datetime64[us]")),
        *(pl.Series(name, _joined([getattr(part, name) for part in parts], "float64")) for name in _ARRAYS),
    )


def _joined(arrays: Sequence[NDArray[Any]], dtype: str) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *arrays])


def _retrodiction(rows: pl.DataFrame, windows: Sequence[Window]) -> Retrodiction:
    first = rows.row(0, named=True)
    values: dict[str, Any] = {
        **{name: rows[name].to_numpy() for name in _ARRAYS},
        **{name: first[name] for name in _SCALES},
    }
    return Retrodiction(
        variable=first["variable"],
        window=windows[first["window"]],
        model=first["model"],
        times=rows["timestamp"].to_numpy(),
        **values,
    )
