"""Finds out how a text file is laid out: what separates its columns, and on which line their names stand."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice, zip_longest
from typing import NamedTuple

from recursive_training.data.notes import quoted
from recursive_training.errors import UnreadableFileError
from recursive_training.logs import printable

TIMESTAMP_NAMES = ("timestamp", "date", "datetime", "time")
"""How the column of times may be called, in any case; the first that is there is taken."""
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SAMPLE_LINES = 200
_SAMPLE_BYTES = 4 << 20
_FEWEST_LINES = 8  # of very long ones, more than the sample's bytes
_LOOK_AHEAD = 5  # rows behind the header, among which one must begin with a date
_MOST_UNIT_ROWS = 3
_HINT = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
_LIKE_DATE = re.compile(
    r"\s*['\"]?(\d{4}[-/.]?[\dWJFMASOND]|\d{1,2}[-/. ]\s?(\d{1,2}|[A-Za-z]{3})"
    r"|\d{6,19}(\.\d+)?$|[A-Za-z]{3,9}\.?,? \d)"
)
_MOST_NAMES = 20
_LONGEST_NAME = 60

Row = list[str]


class _Numbered(NamedTuple):
    """A row of cells and the lines, from 1, on which it begins and ends."""

    line: int
    last_line: int
    row: Row


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


@dataclass(frozen=True)
class _Header:
    """A row that names a column of times. `place` counts the rows of the sample, from 0."""

    separator: str
    place: int
    row: Row
    rows: list[_Numbered]

    @property
    def line(self) -> int:
        return self.rows[self.place].line

    @property
    def last_line(self) -> int:
        return self.rows[self.place].last_line


def time_place(names: Sequence[str]) -> int | None:
    """Which of the names is the column of times; None when none is."""
    lower = [name.strip().lower() for name in names]
    return next((lower.index(wanted) for wanted in TIMESTAMP_NAMES if wanted in lower), None)


def label(name: str) -> str:
    """A column's name for a message: in one line, cut after 60 characters."""
    text = printable(name)
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"


def listed(names: Sequence[str]) -> str:
    """Column names for a message: the first 20, long ones cut."""
    shown = [label(name) for name in names[:_MOST_NAMES]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def find_layout(payload: bytes, uri: str) -> Layout:
    r"""The layout of a text in UTF-8 whose lines end with `\n` or `\r\n`.

    A header behind other lines is taken only where it is certain: all its columns have names, and a row with
    as many cells and a date follows. Raises UnreadableFileError.
    """
    sample = _sample(payload)
    first_line = sample[: sample.find("\n")] if "\n" in sample else sample
    hint = _HINT.fullmatch(first_line)
    separators = [hint[1]] if hint and hint[1] in SEPARATORS else list(SEPARATORS)
    rows = {separator: list(_rows(sample, separator, uri)) for separator in separators}
    if hint:
        for numbered in rows.values():
            del numbered[0]
    headers = [header for separator in separators for header in _headers(separator, rows[separator])]
    chosen = _chosen(headers)
    if chosen is None:
        raise UnreadableFileError(_refusal(rows, headers, uri))
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
    found = next(islice(_data_rows(payload, layout), row, None), None)
    return found.line if found else layout.header_line


def longer_row(payload: bytes, layout: Layout) -> tuple[int, int] | None:
    """The line of the first row with more cells than there are names, and how many it has."""
    rows = _data_rows(payload, layout)
    return next(((one.line, len(one.row)) for one in rows if len(one.row) > len(layout.names)), None)


def _data_rows(payload: bytes, layout: Layout) -> Iterator[_Numbered]:
    offset = 0
    for _ in range(layout.header_line):
        offset = payload.find(b"\n", offset) + 1
    reader = csv.reader(
        StringIO(payload[offset:].decode("utf-8", "replace"), newline=""), delimiter=layout.separator
    )
    before = 0
    for number, row in enumerate(reader):
        if number >= layout.unit_rows:
            yield _Numbered(layout.header_line + before + 1, layout.header_line + reader.line_num, row)
        before = reader.line_num


def like_date(cell: str) -> bool:
    """Whether a cell looks like a date in any notation."""
    return _LIKE_DATE.match(cell) is not None


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


def _rows(sample: str, separator: str, uri: str) -> Iterator[_Numbered]:
    """The rows with something in their cells."""
    reader = csv.reader(StringIO(sample, newline=""), delimiter=separator)
    before = 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield _Numbered(before + 1, reader.line_num, row)
            before = reader.line_num
    except csv.Error as error:  # a cell of more than 128 KiB: a quote that is never closed
        raise UnreadableFileError(
            f"{uri} cannot be read as CSV: {error}. Look for a quote that is not closed."
        ) from error


def _headers(separator: str, rows: list[_Numbered]) -> Iterator[_Header]:
    """The rows that name a column of times; then those behind a comment sign, as numpy.savetxt writes
    them.
    """
    for place, (_, _, row) in enumerate(rows):
        if time_place(row) is not None:
            yield _Header(separator, place, row, rows)
    for place, (_, _, row) in enumerate(rows):
        bare = [row[0].lstrip("# "), *row[1:]]
        if row[0].startswith("#") and time_place(bare) is not None and len(bare) > 1:
            yield _Header(separator, place, bare, rows)


def _chosen(headers: Sequence[_Header]) -> _Header | None:
    """The first that is certain, unless another one stands between it and the data; else a first line."""
    certain = [header for header in headers if _is_certain(header)]
    for header, following in zip_longest(certain, certain[1:]):
        if following is None or following.rows is not header.rows or following.place > _first_date(header):
            return header
    return next((header for header in headers if header.place == 0), None)


def _first_date(header: _Header) -> int:
    """The place of the first row behind the header with as many cells and a date."""
    at = time_place(header.row) or 0
    behind = enumerate(header.rows[header.place + 1 :], start=header.place + 1)
    return next(
        (place for place, one in behind if len(one.row) == len(header.row) and like_date(one.row[at])), 0
    )


def _is_certain(header: _Header) -> bool:
    at = time_place(header.row) or 0
    ahead = [row for _, _, row in islice(header.rows, header.place + 1, header.place + 1 + _LOOK_AHEAD)]
    following = [row for row in ahead if len(row) == len(header.row) and like_date(row[at])]
    nameless = [place for place, name in enumerate(header.row) if not name.strip()]
    return (
        len(header.row) > 1
        and bool(following)
        and all(not row[place].strip() for row in following for place in nameless)
    )


def _unit_rows(header: _Header) -> list[_Numbered]:
    """Rows between the names and the data that hold units or more names: no date and no number in them."""
    at = time_place(header.row) or 0
    ahead = list(islice(header.rows, header.place + 1, header.place + 2 + _MOST_UNIT_ROWS))
    units: list[_Numbered] = []
    for line, last_line, row in ahead:
        if len(row) > at and like_date(row[at]):
            return units
        if any(_is_number(cell) for cell in row):
            return []
        units.append(_Numbered(line, last_line, row))
    return []


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _notes(header: _Header, units: list[_Numbered], uri: str) -> list[str]:
    notes = []
    if header.line > 1:
        where = f"lines 1 to {header.line - 1}" if header.line > 2 else "line 1"  # noqa: PLR2004 - one line, or more
        passed = [header.separator.join(row) for _, _, row in header.rows[: header.place]]
        example = passed[0] if passed else f"sep={header.separator}"
        notes.append(f"Passed over, before the header of {uri}: {where} (such as {quoted(example)}).")
    for line, _, row in units:
        between = quoted(header.separator.join(row))
        notes.append(f"Passed over, between the header and the data of {uri}: line {line} ({between}).")
    if header.separator != ",":
        notes.append(f"{uri}: {SEPARATORS[header.separator]} separate its columns.")
    return notes


def _refusal(rows: dict[str, list[_Numbered]], headers: list[_Header], uri: str) -> str:
    numbered = rows[_likely_separator(rows)]
    first = numbered[0].row
    names = [name.strip() or f"column_{place}" for place, name in enumerate(first, start=1)]
    hint = (
        _uncertain_header(headers)
        or _no_header(numbered)
        or _dates_elsewhere(first, numbered[1:])
        or _blanks(first)
        or _likely_header(numbered)
        or "Name the column of dates 'timestamp'."
    )
    return f"No timestamp column in {uri} (columns: {listed(names)}). {hint}"


def _uncertain_header(headers: Sequence[_Header]) -> str:
    if not headers:
        return ""
    named = headers[0].row[time_place(headers[0].row) or 0].strip()
    return (
        f"A column {named} is named on line {headers[0].line}, where the header is not certain: the names "
        "seem to stand in several lines. Write one line of names above the data, 'timestamp' among them."
    )


def _no_header(numbered: Sequence[_Numbered]) -> str:
    line, _, first = numbered[0]
    if not (any(like_date(cell) for cell in first) and any(_is_number(cell) for cell in first)):
        return ""
    return (
        f"Line {line} seems to hold data, so the file has no header. "
        "Write a first line with the columns' names, 'timestamp' for the dates."
    )


def _blanks(first: Row) -> str:
    apart = len(first) == 1 and re.search(r"\S\s{2,}\S", first[0])
    return "Spaces separate its columns: write commas." if apart else ""


def _likely_header(numbered: Sequence[_Numbered]) -> str:
    """Where the first row with as many cells as most have stands, if it is not the first of all."""
    width = Counter(len(one.row) for one in numbered).most_common(1)[0][0]
    place = next((place for place, one in enumerate(numbered) if len(one.row) == width), 0)
    if not place or width == 1:
        return ""
    cells = listed([cell.strip() for cell in numbered[place].row])
    return (
        f"The header seems to stand on line {numbered[place].line} ({cells}). "
        "Name its column of dates 'timestamp'."
    )


def _dates_elsewhere(names: Row, numbered: list[_Numbered]) -> str:
    """Which column seems to hold the dates, under another name."""
    shown = [row for _, _, row in numbered if len(row) == len(names)][:_LOOK_AHEAD]
    for place, name in enumerate(names):
        if shown and all(like_date(row[place]) and not _is_number(row[place]) for row in shown):
            called = (
                f"Column {label(name.strip())}" if name.strip() else f"Column {place + 1}, which has no name,"
            )
            return f"{called} seems to hold dates ({quoted(shown[0][place])}): name it 'timestamp'."
    return ""


def _likely_separator(rows: dict[str, list[_Numbered]]) -> str:
    """The one that cuts most rows into as many cells, more than one."""

    def cut(separator: str) -> int:
        widths = Counter(len(row) for _, _, row in rows[separator])
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        return count if width > 1 else 0

    return max(rows, key=cut)
