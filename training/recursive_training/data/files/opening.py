"""Opens a file: its bytes become a frame with the file's own column names, whatever the file is called.

CSV cells that are not plain numbers stay text. What the columns mean is decided in tables.py.
"""

import os
import re
import sys
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import polars as pl

from recursive_training.data.files.compression import unpack
from recursive_training.data.files.headers import listed, time_place
from recursive_training.data.files.layout import Layout, find_layout, line_of_row, longer_row, shorter_rows
from recursive_training.data.files.parquet import MAGIC, read_parquet, reason
from recursive_training.errors import EmptyFileError, UnreadableFileError

_FEATHER = b"ARROW1"
# The first bytes of what is no table, and what that is.
_STRANGERS = (
    (b"%PDF", "a PDF. Load the table it shows as CSV in UTF-8."),
    (b"FEA1", "a Feather file of version 1. Write version 2, or Parquet."),
    (b"ORC", "an ORC file. Write Parquet."),
    (b"Obj\x01", "an Avro file. Write Parquet."),
    (b"\x89HDF", "an HDF5 file. Write Parquet."),
    (b"CDF", "a NetCDF file. Write Parquet or CSV."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook. Export it as CSV in UTF-8."),
    (b"SQLite format 3", "a SQLite database. Export the table as CSV or Parquet."),
    (b"\x80\x04\x95", "a Python pickle. Write Parquet."),
    (b"\x80\x05\x95", "a Python pickle. Write Parquet."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive. Unpack it."),
    (b"Rar!", "a RAR archive. Unpack it."),
)
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_MISSING = ("", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "NaN", "nan", "-", ".")  # "." is FRED's
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_THREE_DECIMALS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
_PIECE = 1 << 20  # bytes
_NO_NUMBER = re.compile(r"could not parse .* at column '(\d+)'", re.DOTALL)
"""What Polars says of a cell that is no number. Columns are called after their places."""
_MOST_TRIES = 4
_LOAD = "Load a Parquet file, or a CSV in UTF-8 with a header."
_FAILURES = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)


class Opened(NamedTuple):
    """`frame` has the file's columns, their names stripped. `line` names the place of a row: `line 7`.
    `refused`: columns that could not be read, with the reason. `notes`: what was passed over. `shorter` says
    which of some rows have fewer cells than there are columns.
    """

    frame: pl.DataFrame
    line: Callable[[int], str]
    refused: Mapping[str, str] = {}
    notes: Sequence[str] = ()
    shorter: Callable[[Sequence[int]], list[int]] = lambda _: []


def open_table(payload: bytes, uri: str, missing: Collection[str] = (), ids: Collection[str] = ()) -> Opened:
    """Parquet and Feather (told by their first bytes), or text (CSV, TSV and the like); all may be
    compressed.

    `missing`: texts that mean an empty cell, beside the usual ones. `ids`: columns whose cells stay as they
    are. Raises UnreadableFileError.
    """
    payload = unpack(payload, uri)
    if payload.startswith(MAGIC):
        with _without_panics():
            table = read_parquet(payload, uri)
        return _named(Opened(table.frame, lambda row: f"row {row + 1}", table.refused), uri)
    if payload.startswith(_FEATHER):
        with _without_panics():
            frame = _feather(payload, uri)
        return _named(Opened(frame, lambda row: f"row {row + 1}"), uri)
    payload = _text(payload, uri)
    layout = find_layout(payload, uri)
    _demand_differing(layout.names, uri)
    frame = _csv(payload, layout, uri, missing)
    frame.columns = layout.names
    if kept := [name for name in layout.names if name in ids]:
        frame = frame.with_columns(_ids(payload, layout, kept))
    return Opened(
        frame,
        lambda row: f"line {line_of_row(payload, layout, row)}",
        notes=layout.notes,
        shorter=lambda rows: shorter_rows(payload, layout, rows),
    )


@contextmanager
def _without_panics() -> Iterator[None]:
    """Keeps what a panic of Polars writes to standard error out of the job's log: the error says it in
    words.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _named(opened: Opened, uri: str) -> Opened:
    names = [name.strip() for name in opened.frame.columns]
    _demand_differing(names, uri)
    opened.frame.columns = names
    if time_place(names) is None:
        raise UnreadableFileError(_no_times(opened.frame, uri))
    return opened


def _no_times(frame: pl.DataFrame, uri: str) -> str:
    what = f"No timestamp column in {uri} (columns: {listed(frame.columns)})."
    times = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime | pl.Date)]
    index = (
        " (in pandas: df.index.name = 'timestamp')"
        if any(n.startswith("__index_level") for n in times)
        else ""
    )
    if len(times) == 1:
        return f"{what} Column {times[0]} holds dates: name it 'timestamp'{index}."
    return f"{what} Name the column of dates 'timestamp'."


def _feather(payload: bytes, uri: str) -> pl.DataFrame:
    try:
        return pl.read_ipc(BytesIO(payload))
    except _FAILURES as error:
        raise UnreadableFileError(
            f"{uri} cannot be read as Feather: {reason(error)}. Load it again, or as Parquet."
        ) from error


def _text(payload: bytes, uri: str) -> bytes:
    r"""The text in UTF-8, its lines ending with `\n` or `\r\n`."""
    for start, what in _STRANGERS:
        if payload.startswith(start):
            raise UnreadableFileError(f"{uri} cannot be read as CSV: it is {what}")
    for bom, encoding in _WIDE_BOMS:
        if payload.startswith(bom):
            payload = _recoded(payload, encoding, uri)
            break
    payload = payload.removeprefix(_BOM)
    if not payload[:_PIECE].strip() and not payload.strip():  # the first look costs no copy of the whole
        raise EmptyFileError(f"{uri} is empty. {_LOAD}")
    if b"\x00" in payload:
        raise UnreadableFileError(f"{uri} cannot be read as CSV: it holds zero bytes, no text. {_LOAD}")
    if (place := _not_utf8(payload)) is not None:
        line = payload.count(b"\n", 0, place) + 1
        raise UnreadableFileError(
            f"{uri} cannot be read as CSV: line {line} is not UTF-8 text (it may be in Windows-1252 or "
            f"Latin-1). {_LOAD}"
        )
    if _is_old_macintosh(payload):
        payload = payload.replace(b"\r", b"\n")
    return payload


def _is_old_macintosh(payload: bytes) -> bool:
    """Whether its lines end with a carriage return alone, the last one perhaps with a line feed."""
    first = payload.find(b"\n")
    feeds = first >= 0 and payload.find(b"\n", first + 1) >= 0
    return not feeds and payload.count(b"\r") > 1 and b"\r\n" not in payload


def _recoded(payload: bytes, encoding: str, uri: str) -> bytes:
    try:
        return payload.decode(encoding).encode()
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"{uri} cannot be read as CSV: it is text in {encoding.upper()} with a broken character at byte "
            f"{error.start}. Save it in UTF-8."
        ) from error


def _not_utf8(payload: bytes) -> int | None:
    """Where the first byte stands that is not UTF-8; decoded piece by piece, as text is large."""
    if payload.isascii():
        return None
    decoder = getincrementaldecoder("utf-8")()
    for start in range(0, len(payload), _PIECE):
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(payload[start : start + _PIECE], final=start + _PIECE >= len(payload))
        except UnicodeDecodeError as error:
            return start - held + error.start
    return None


def _csv(payload: bytes, layout: Layout, uri: str, missing: Collection[str]) -> pl.DataFrame:
    """Columns whose first cells are plain numbers are read as such at once, where that fails as text."""
    nulls = (*_MISSING, *missing)
    plain = _plain_columns(layout)
    for _ in range(_MOST_TRIES):
        try:
            frame = _read_csv(payload, layout, set(plain), nulls)
        except _FAILURES as error:
            found = _NO_NUMBER.search(str(error))
            if found is None:
                break
            doubtful = {int(found[1])}
        else:
            doubtful = _with_fractions(frame, [place for place, whole in plain.items() if whole])
            if not doubtful:
                return frame
            del frame
        plain = {place: whole for place, whole in plain.items() if place not in doubtful}
    try:
        return _read_csv(payload, layout, (), nulls)
    except _FAILURES as error:
        longer = longer_row(payload, layout)
        why = (
            f"line {longer[0]} has {longer[1]} cells, the header {len(layout.names)}"
            if longer
            else "its cells cannot be told apart, look for a quote within a cell or one that is not closed"
        )
        raise UnreadableFileError(f"{uri} cannot be read as CSV: {why}. {_LOAD}") from error


def _with_fractions(frame: pl.DataFrame, places: Sequence[int]) -> set[int]:
    """Which of the columns hold one. All in one expression: each takes as long as thousands of rows."""
    if not places:
        return set()
    numbers = pl.col([str(place) for place in places])
    found = frame.select((numbers != numbers.floor()).any()).row(0)
    return {place for place, fraction in zip(places, found, strict=True) if fraction}


def _read_csv(payload: bytes, layout: Layout, plain: Collection[int], nulls: Collection[str]) -> pl.DataFrame:
    """Columns are called after their places: names may be anything."""
    return pl.read_csv(
        payload,
        has_header=False,
        skip_lines=layout.header_line,
        skip_rows_after_header=layout.unit_rows,
        separator=layout.separator,
        null_values=list(dict.fromkeys(nulls)) or None,
        missing_columns="insert",  # a first row may be shorter
        schema={
            str(place): pl.Float64() if place in plain else pl.String() for place in range(len(layout.names))
        },
    )


def _ids(payload: bytes, layout: Layout, names: Sequence[str]) -> list[pl.Series]:
    """Columns of text in which nothing means a missing cell but an empty one: NA may be Namibia, 007 is not
    7.
    """
    frame = _read_csv(payload, layout, (), ())
    frame.columns = layout.names
    return [frame[name] for name in names]


def _plain_columns(layout: Layout) -> dict[int, bool]:
    """The places of the columns that are plain numbers in the sample, and whether these are all whole.

    Not those of the times, nor those with three digits behind all dots: there a dot may separate thousands,
    which only the text shows.
    """
    places = set(range(len(layout.names))) - {time_place(layout.names)}
    filled: set[int] = set()
    dotted: set[int] = set()
    decimal: set[int] = set()
    for row in layout.sample:
        for place in list(places) if len(row) >= len(layout.names) else ():
            cell = row[place]
            if cell in _MISSING:
                continue
            filled.add(place)
            if not _PLAIN.fullmatch(cell):
                places.discard(place)
            elif "." in cell:
                dotted.add(place)
                if not _THREE_DECIMALS.fullmatch(cell):
                    decimal.add(place)
    return {
        place: place not in dotted for place in places & filled if place in decimal or place not in dotted
    }


def _demand_differing(names: list[str], uri: str) -> None:
    if len(set(names)) < len(names):
        twice = listed(sorted(name for name, count in Counter(names).items() if count > 1))
        raise UnreadableFileError(
            f"{uri}: two columns have one name, {twice} (columns: {listed(names)}). Rename one."
        )
