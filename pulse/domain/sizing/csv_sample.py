"""What the two ends of a CSV file tell: rows, numeric columns, the first and the last day.

The training reads more kinds of text than this (training/recursive_training/data/). Facts are given only of
what can be read in one way only: UTF-8, gzipped or not; commas; on the first line the names, one of them that
of the times; rows as wide as the names. Of everything else nothing is told but its size.
"""

import csv
import io
import re
import zlib
from collections.abc import Collection, Sequence
from datetime import date

from msgspec import Struct

from pulse.domain.sizing.facts import MAX_COLUMNS, DatasetFacts, day_of, time_column

MAX_TEXT_BYTES = 1024 * 1024
"""The limit for a decompressed head, so that a few bytes do not become gigabytes."""

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_MISSING = frozenset({"", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "NaN", "nan", "-", "."})
_FEWEST_NUMBERS = 0.5  # the share of a column's filled cells that must be numbers, as in the training
_OTHER_FORMATS = (b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00", b"ARROW1", b"FEA1", b"PAR1")
"""How zip, Zstandard, bzip2, xz, Feather and Parquet begin."""
_PERHAPS_NUMBER = re.compile(r"[^\w]*\d[\d.,'’\s_]*[^\w]*")
"""Numbers that are written otherwise, which the training may read: 1,071, 5 %, $5, (5), −5."""
_LONGEST_NUMBER = 40
_GZIP_WINDOW = 31  # zlib's name for "with gzip's header"

Row = list[str]


class _Text(Struct, frozen=True):
    """The head as text and how many bytes of text the whole file is, by the head's share of it."""

    head: bytes
    whole_bytes: float
    complete: bool


def sample(
    head: bytes, tail: bytes, *, size_bytes: int, missing: Collection[str] = ()
) -> DatasetFacts | None:
    """The facts of a file of `size_bytes` that begins with `head` and ends with `tail`, which may overlap.
    `missing`: texts that mean an empty cell, beside the usual ones.

    `rows` is exact when `head` is the whole file, else estimated from the mean length of the head's rows. The
    days are None where the rows are not in the order of their times, unless `head` is the whole file. None
    when the file is no CSV that can be read in one way only.
    """
    try:
        text = _text(head, size_bytes)
        if text.head.startswith(_OTHER_FORMATS):
            return None
        ends = b"" if text.complete or head.startswith(_GZIP) else tail
        return _facts(text, ends, size_bytes, len(head), _MISSING.union(missing))
    except (UnicodeDecodeError, csv.Error, zlib.error):
        return None


def _facts(
    text: _Text, tail: bytes, size_bytes: int, head_bytes: int, missing: Collection[str]
) -> DatasetFacts | None:
    body = text.head.removeprefix(_BOM).lstrip(b"\r\n")
    whole = body if text.complete else _whole_lines(body, cut_start=False)
    rows = _rows(whole)
    if not rows or b"\x00" in whole:
        return None
    names, head_rows = [name.strip() for name in rows[0]], rows[1:]
    times = time_column(names)
    tail_rows = _rows(_whole_lines(tail, cut_start=True))
    shown = head_rows + tail_rows
    if times is None or not all(names) or any(len(row) != len(names) for row in shown):
        return None
    at = names.index(times)
    # Rows of units, or more names, may stand between the header and the data.
    if head_rows and day_of(head_rows[0][at]) is None:
        return None
    kinds = {
        name: _are_numbers([row[place] for row in shown], missing)
        for place, name in enumerate(names)
        if place != at
    }
    if None in kinds.values():
        return None
    numeric = [name for name, are_numbers in kinds.items() if are_numbers]
    ends = [[day_of(row[at]) for row in rows] for rows in (head_rows, tail_rows)]
    first, last = _period(*ends, complete=text.complete)
    return DatasetFacts(
        bytes=size_bytes,
        rows=len(head_rows) if text.complete else _estimate(whole, len(head_rows), text.whole_bytes),
        columns=tuple(numeric[:MAX_COLUMNS]),
        column_count=len(numeric),
        first=first,
        # The end of a compressed file cannot be read by itself.
        last=last if text.complete or tail else None,
        measured="the whole CSV" if text.complete else f"the first {head_bytes // 1024} KiB of the CSV",
    )


def _text(head: bytes, size_bytes: int) -> _Text:
    if not head.startswith(_GZIP):
        return _Text(head, float(size_bytes), len(head) >= size_bytes)
    unpacking = zlib.decompressobj(_GZIP_WINDOW)
    text = unpacking.decompress(head, MAX_TEXT_BYTES)
    read_bytes = max(1, len(head) - len(unpacking.unconsumed_tail))
    return _Text(text, len(text) * size_bytes / read_bytes, unpacking.eof and not unpacking.unused_data)


def _whole_lines(text: bytes, *, cut_start: bool) -> bytes:
    """Without the line that was cut: the first of a tail, the last of a head."""
    if cut_start:
        found = [at for at in (text.find(b"\n"), text.find(b"\r")) if at >= 0]
        return text[min(found) + 1 :] if found else b""
    return text[: max(text.rfind(b"\n"), text.rfind(b"\r")) + 1]


def _rows(text: bytes) -> list[Row]:
    return [row for row in csv.reader(io.StringIO(text.decode(), newline="")) if row]


def _estimate(whole: bytes, rows: int, whole_bytes: float) -> int | None:
    """The rows of `whole_bytes` of text like `whole`, which is a header and `rows` rows."""
    header_bytes = min((at for at in (whole.find(b"\n"), whole.find(b"\r")) if at >= 0), default=0)
    body_bytes = len(whole) - header_bytes
    if not rows or body_bytes <= 0:
        return None
    return max(rows, round(rows * (whole_bytes - header_bytes) / body_bytes))


def _period(
    head: list[date | None], tail: list[date | None], *, complete: bool
) -> tuple[date | None, date | None]:
    """The first and the last day, where rows that were not read cannot hold others."""
    firsts, lasts = [day for day in head if day], [day for day in tail if day]
    days = firsts + lasts
    if not days or len(days) < len(head) + len(tail):
        return None, None
    in_order = any(
        all(part == sorted(part, reverse=falling) for part in (firsts, lasts)) for falling in (False, True)
    )
    return (min(days), max(days)) if complete or in_order else (None, None)


def _are_numbers(cells: Sequence[str], missing: Collection[str]) -> bool | None:
    """None where it cannot be told: many cells are numbers only if read with some leniency."""
    filled = [text for cell in cells if (text := cell.strip()) not in missing]
    plain = sum(map(_is_number, filled))
    lenient = sum(1 for cell in filled if not _is_number(cell) and _is_perhaps_number(cell))
    if lenient and plain + lenient >= len(filled) * _FEWEST_NUMBERS:
        return None
    return bool(filled) and plain >= len(filled) * _FEWEST_NUMBERS


def _is_perhaps_number(cell: str) -> bool:
    return len(cell) <= _LONGEST_NUMBER and _PERHAPS_NUMBER.fullmatch(cell) is not None


def _is_number(cell: str) -> bool:
    if "_" in cell or not cell.isascii():  # which Python takes, and the training does not
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True
