"""What the two ends of a CSV file tell: rows, numeric columns, the first and the last day.

Reads what the training reads (training/recursive_training/data/files.py): UTF-8, commas, a header, or gzip.
"""

import csv
import io
import zlib
from collections.abc import Sequence

from msgspec import Struct

from pulse.domain.dataset_facts import MAX_COLUMNS, DatasetFacts, day_of, time_column

MAX_TEXT_BYTES = 1024 * 1024
"""Of a compressed head, so that a few bytes do not become gigabytes."""

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_MISSING = frozenset({"", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "NaN", "nan", "-", "."})
_FEWEST_NUMBERS = 0.5  # the share of a column's filled cells that must be numbers, as in the training
_OTHER_SEPARATORS = frozenset(";\t|")
_GZIP_WINDOW = 31  # zlib's name for "with gzip's header"

Row = list[str]


class _Text(Struct, frozen=True):
    """The head as text and how many bytes of text the whole file is, by the head's share of it."""

    head: bytes
    whole_bytes: float
    complete: bool


def sample(head: bytes, tail: bytes, *, size_bytes: int) -> DatasetFacts | None:
    """The facts of a file of `size_bytes` that begins with `head` and ends with `tail`, which may overlap.

    `rows` is exact when `head` is the whole file, else estimated from the mean length of the head's rows.
    None when the training could not read the file as a CSV either.
    """
    try:
        text = _text(head, size_bytes)
        return _facts(text, b"" if text.complete or head.startswith(_GZIP) else tail, size_bytes, len(head))
    except (UnicodeDecodeError, csv.Error, zlib.error):
        return None


def _facts(text: _Text, tail: bytes, size_bytes: int, head_bytes: int) -> DatasetFacts | None:
    body = text.head.removeprefix(_BOM).lstrip(b"\r\n")
    whole = body if text.complete else _whole_lines(body, cut_start=False)
    rows = _rows(whole)
    if not rows or b"\x00" in whole or (len(rows[0]) == 1 and _OTHER_SEPARATORS & set(rows[0][0])):
        return None
    names = [name.strip() or f"column_{place}" for place, name in enumerate(rows[0], start=1)]
    times = time_column(names)
    head_rows = rows[1:]
    shown = [row for row in head_rows + _rows(_whole_lines(tail, cut_start=True)) if len(row) == len(names)]
    numeric = [
        name for at, name in enumerate(names) if name != times and _are_numbers([row[at] for row in shown])
    ]
    days = [day for row in shown if (day := day_of(row[names.index(times)]))] if times else []
    return DatasetFacts(
        bytes=size_bytes,
        rows=len(head_rows) if text.complete else _estimate(whole, len(head_rows), text.whole_bytes),
        columns=tuple(numeric[:MAX_COLUMNS]),
        column_count=len(numeric),
        first=min(days, default=None),
        # The end of a compressed file cannot be read by itself.
        last=max(days, default=None) if text.complete or tail else None,
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


def _are_numbers(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip() not in _MISSING]
    return bool(filled) and sum(map(_is_number, filled)) >= len(filled) * _FEWEST_NUMBERS


def _is_number(cell: str) -> bool:
    if "_" in cell or not cell.isascii():  # which Python takes, and the training does not
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True
