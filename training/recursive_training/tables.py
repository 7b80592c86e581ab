"""Turns the bytes of a CSV or Parquet file into a clean table: `timestamp` and columns of numbers, nothing
else.
"""

import io
from dataclasses import dataclass

import polars as pl

from recursive_training.errors import UnreadableFileError

TIMESTAMP = "timestamp"
_TIMESTAMP_NAMES = (TIMESTAMP, "date", "datetime", "time")  # in any case; the first that is there
_MISSING = ["", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "NaN", "nan", "-", "."]  # "." is FRED's
_FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y/%m/%d",
    "%Y%m%d",
)
_FEWEST_NUMBERS = 0.5  # the share of a column's filled cells that must be numbers for it to be a variable
_LARGEST = 1e100  # beyond it squares overflow; no measured quantity is there


@dataclass(frozen=True)
class Table:
    """`frame`: timestamp (microseconds, UTC, no nulls) and Float64 columns (null where nothing usable was
    given).
    """

    frame: pl.DataFrame
    columns: list[str]
    rows: int
    left_out: list[str]


def read_table(payload: bytes, uri: str) -> Table:
    """Reads Parquet (told by its first bytes) or CSV (UTF-8, comma, header). Raises UnreadableFileError."""
    raw = _parse(payload, uri)
    columns = [name.strip() for name in raw.columns]
    if len(set(columns)) < len(columns):
        raise UnreadableFileError(
            f"{uri}: two columns have one name (columns: {', '.join(columns)}). Rename one."
        )
    raw.columns = columns
    if raw.is_empty():
        raise UnreadableFileError(f"{uri} has no rows (columns: {', '.join(columns)}). Load data into it.")
    time_column = next((c for wanted in _TIMESTAMP_NAMES for c in columns if c.lower() == wanted), None)
    if time_column is None:
        raise UnreadableFileError(
            f"No timestamp column in {uri} (columns: {', '.join(columns)}). "
            "Name the column of dates 'timestamp'."
        )
    left_out: list[str] = []
    times = _times(raw[time_column], uri, left_out)
    variables = [_numbers(raw[name], uri, left_out) for name in columns if name != time_column]
    frame = pl.DataFrame([times, *(v for v in variables if v is not None)]).drop_nulls(TIMESTAMP)
    return Table(frame, columns, raw.height, left_out)


def _parse(payload: bytes, uri: str) -> pl.DataFrame:
    parquet = payload.startswith(b"PAR1")
    try:
        if parquet:
            return pl.read_parquet(io.BytesIO(payload))
        frame = pl.read_csv(io.BytesIO(payload), infer_schema=False, null_values=_MISSING)
        # Polars leaves the header's doubled quotes: https://www.rfc-editor.org/rfc/rfc4180 section 2.7
        return frame.rename(lambda name: name.replace('""', '"'))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        kind = "Parquet" if parquet else "CSV"
        reason = str(error).strip().split("\n", maxsplit=1)[0]
        raise UnreadableFileError(
            f"{uri} cannot be read as {kind}: {reason}. "
            "Load a Parquet file, or a CSV in UTF-8 with a header and commas."
        ) from error


def _times(cells: pl.Series, uri: str, left_out: list[str]) -> pl.Series:
    if cells.dtype == pl.String:
        text = pl.col(cells.name).str.strip_chars()
        parsed = pl.coalesce([_parsed(text, form) for form in _FORMATS])
        times = cells.to_frame().select(parsed.alias(TIMESTAMP))[TIMESTAMP]
    elif isinstance(cells.dtype, pl.Datetime):
        utc = cells.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if cells.dtype.time_zone else cells
        times = utc.dt.cast_time_unit("us").alias(TIMESTAMP)
    elif cells.dtype == pl.Date:
        times = cells.cast(pl.Datetime("us")).alias(TIMESTAMP)
    else:
        raise UnreadableFileError(
            f"{uri}: column {cells.name} holds {cells.dtype}, not dates. Write YYYY-MM-DD."
        )
    unreadable = times.null_count()
    if unreadable == len(times):
        raise UnreadableFileError(
            f"{uri}: no date in column {cells.name} can be read. Write them as YYYY-MM-DD."
        )
    if unreadable:
        left_out.append(f"{unreadable} of {len(times)} rows of {uri}: no readable {cells.name}.")
    return times


def _parsed(text: pl.Expr, form: str) -> pl.Expr:
    times = text.str.to_datetime(form, strict=False, time_unit="us")
    return times.dt.replace_time_zone(None) if form.endswith("z") else times


def _numbers(cells: pl.Series, uri: str, left_out: list[str]) -> pl.Series | None:
    """The column as finite numbers; None, and a reason in `left_out`, when it does not hold numbers."""
    filled = len(cells) - cells.null_count()
    if cells.dtype == pl.String:
        numbers = cells.str.strip_chars().cast(pl.Float64, strict=False)
    elif cells.dtype.is_numeric():
        numbers = cells.cast(pl.Float64, strict=False)
    else:
        numbers = pl.Series(cells.name, [None] * len(cells), dtype=pl.Float64)
    are_numbers = len(numbers) - numbers.null_count()
    if filled and are_numbers < filled * _FEWEST_NUMBERS:
        left_out.append(f"{cells.name}: the column of {uri} does not hold numbers.")
        return None
    if are_numbers < filled:
        left_out.append(f"{cells.name}: {filled - are_numbers} cells of {uri} are not numbers.")
    numbers = numbers.fill_nan(None)
    clean = numbers.to_frame().select(pl.when(pl.col(cells.name).abs() <= _LARGEST).then(pl.col(cells.name)))
    infinite = clean[cells.name].null_count() - numbers.null_count()
    if infinite:
        left_out.append(f"{cells.name}: {infinite} cells of {uri} are infinite or beyond {_LARGEST:g}.")
    return clean[cells.name]
