"""Finds out how a text file is laid out: what separates its columns, and on which line their names stand."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO, TextIOWrapper
from itertools import islice, zip_longest

import numpy as np

from recursive_training.data.files.headers import Header, Numbered, Row, is_number, like_date, time_place
from recursive_training.data.files.hints import refusal
from recursive_training.errors import UnreadableFileError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SAMPLE_LINES = 200
_SAMPLE_BYTES = 4 << 20
_FEWEST_LINES = 8  # of very long ones, more than the sample's bytes
_LOOK_AHEAD = 5  # rows behind the header, among which one must begin with a date
_MOST_UNIT_ROWS = 3
_HINT = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """The header's last line is `header_line`, counted from 1; `unit_rows` follow it and hold no data.
    `sample` holds rows of data, `notes` say what was passed over.
    """

    separator: str
    header_line: int
    names: list[str]
    unit_rows: int
    sample: list[Row]
    notes: list[str]


def find_layout(payload: bytes, uri: str) -> Layout:
    r"""The layout of a text in UTF-8 whose lines end with `\n` or `\r\n`.

    A header behind other lines is taken only where it is certain: all its columns have names, and a row with
    as many cells and a date follows. Raises UnreadableFileError.
    """
    sample = _sample(payload)
    first_line = sample[: sample.find("\n")] if "\n" in sample else sample
    hint = _HINT.fullmatch(first_line)
    separators = [hint[1]] if hint and hint[1] in SEPARATORS else list(SEPARATORS)
    rows, error = _rows_of_each(sample, separators)
    if hint:
        for numbered in rows.values():
            del numbered[:1]
    headers = [header for separator in separators for header in _headers(separator, rows[separator])]
    chosen = _chosen(headers)
    if chosen is None and error is not None:
        raise UnreadableFileError(
            f"{uri} cannot be read as CSV: {error}. Look for a quote that is not closed."
        ) from error
    if chosen is None:
        raise UnreadableFileError(refusal(rows, headers, uri))
    units = _unit_rows(chosen)
    return Layout(
        separator=chosen.separator,
        header_line=chosen.last_line,
        names=[name.strip() or f"column_{place}" for place, name in enumerate(chosen.row, start=1)],
        unit_rows=len(units),
        sample=[row for _, _, row in chosen.rows[chosen.place + 1 + len(units) :]],
        notes=_notes(chosen, units, uri),
    )


def line_of_row(payload: bytes, layout: Layout, row: int) -> int:
    """The number of the line on which a row of data begins; rows count from 0, empty lines are rows."""
    if b'"' not in payload:
        return layout.header_line + layout.unit_rows + row + 1
    found = next(islice(_data_rows(payload, layout), row, None), None)
    return found.line if found else layout.header_line


def longer_row(payload: bytes, layout: Layout) -> tuple[int, int] | None:
    """The line of the first row with more cells than there are names, and how many it has."""
    rows = _data_rows(payload, layout)
    return next(((one.line, len(one.row)) for one in rows if len(one.row) > len(layout.names)), None)


def shorter_rows(payload: bytes, layout: Layout, rows: Sequence[int]) -> list[int]:
    """Those of the rows, which count from 0, that have fewer cells than there are names."""
    if b'"' in payload:
        wanted = set(rows)
        found = enumerate(_data_rows(payload, layout))
        return [row for row, one in found if row in wanted and len(one.row) < len(layout.names)]
    feeds = np.flatnonzero(np.frombuffer(payload, np.uint8) == ord("\n"))
    starts = np.concatenate([[0], feeds + 1, [len(payload)]])
    separator, first = layout.separator.encode(), layout.header_line + layout.unit_rows
    return [
        row
        for row in rows
        if payload.count(separator, starts[first + row], starts[first + row + 1]) + 1 < len(layout.names)
    ]


def _data_rows(payload: bytes, layout: Layout) -> Iterator[Numbered]:
    stream = BytesIO(payload)
    for _ in range(layout.header_line):
        stream.readline()
    # Decoded bit by bit: the text of a whole file would take five times its bytes.
    text = TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
    reader = csv.reader(text, delimiter=layout.separator)
    before = 0
    for number, row in enumerate(reader):
        if number >= layout.unit_rows:
            yield Numbered(layout.header_line + before + 1, layout.header_line + reader.line_num, row)
        before = reader.line_num


def _sample(payload: bytes) -> str:
    """The first 200 lines, fewer where they are long."""
    end = 0
    for line in range(_SAMPLE_LINES):
        if line >= _FEWEST_LINES and end > _SAMPLE_BYTES:
            break
        found = payload.find(b"\n", end)
        if found < 0:
            end = len(payload)
            break
        end = found + 1
    return payload[:end].decode("utf-8")


def _rows_of_each(
    sample: str, separators: Sequence[str]
) -> tuple[dict[str, list[Numbered]], csv.Error | None]:
    """The rows that each separator makes, none where it leaves a cell of more than 128 KiB: either it does
    not separate the columns of a wide table, or a quote is never closed. Also the error of the last such one.
    """
    rows: dict[str, list[Numbered]] = {}
    failed = None
    for separator in separators:
        try:
            rows[separator] = list(_rows(sample, separator))
        except csv.Error as error:
            rows[separator], failed = [], error
    return rows, failed


def _rows(sample: str, separator: str) -> Iterator[Numbered]:
    """The rows with something in their cells."""
    reader = csv.reader(StringIO(sample, newline=""), delimiter=separator)
    before = 0
    for row in reader:
        if any(cell.strip() for cell in row):
            yield Numbered(before + 1, reader.line_num, row)
        before = reader.line_num


def _headers(separator: str, rows: list[Numbered]) -> Iterator[Header]:
    """The rows that name a column of times; then those behind a comment sign, as numpy.savetxt writes
    them.
    """
    for place, (_, _, row) in enumerate(rows):
        if time_place(row) is not None:
            yield Header(separator, place, row, rows)
    for place, (_, _, row) in enumerate(rows):
        bare = [row[0].lstrip("# "), *row[1:]]
        if row[0].startswith("#") and time_place(bare) is not None and len(bare) > 1:
            yield Header(separator, place, bare, rows)


def _chosen(headers: Sequence[Header]) -> Header | None:
    """The first that is certain, unless another one stands between it and the data; else a first line."""
    certain = [header for header in headers if _is_certain(header)]
    for header, following in zip_longest(certain, certain[1:]):
        if following is None or following.rows is not header.rows or following.place > _first_date(header):
            return header
    return next((header for header in headers if header.place == 0), None)


def _first_date(header: Header) -> int:
    """The place of the first row behind the header with as many cells and a date."""
    at = time_place(header.row) or 0
    behind = enumerate(header.rows[header.place + 1 :], start=header.place + 1)
    return next(
        (place for place, one in behind if len(one.row) == len(header.row) and like_date(one.row[at])), 0
    )


def _is_certain(header: Header) -> bool:
    at = time_place(header.row) or 0
    ahead = [row for _, _, row in islice(header.rows, header.place + 1, header.place + 1 + _LOOK_AHEAD)]
    following = [row for row in ahead if len(row) == len(header.row) and like_date(row[at])]
    nameless = [place for place, name in enumerate(header.row) if not name.strip()]
    return (
        len(header.row) > 1
        and bool(following)
        and all(not row[place].strip() for row in following for place in nameless)
    )


def _unit_rows(header: Header) -> list[Numbered]:
    """Rows between the names and the data that hold units or more names: no date and no number in them."""
    at = time_place(header.row) or 0
    ahead = list(islice(header.rows, header.place + 1, header.place + 2 + _MOST_UNIT_ROWS))
    units: list[Numbered] = []
    for line, last_line, row in ahead:
        if len(row) > at and like_date(row[at]):
            return units
        if any(is_number(cell) for cell in row):
            return []
        units.append(Numbered(line, last_line, row))
    return []


def _notes(header: Header, units: list[Numbered], uri: str) -> list[str]:
    notes = []
    if header.line > 1:
        where = f"lines 1 to {header.line - 1}" if header.line > 2 else "line 1"  # noqa: PLR2004 - one line, or more
        notes.append(f"Passed over, before the header of {uri}: {where}.")
    notes += [f"Passed over, between the header and the data of {uri}: line {line}." for line, _, _ in units]
    if header.separator != ",":
        notes.append(f"{uri}: {SEPARATORS[header.separator]} separate its columns.")
    return notes
