"""What the footer of a Parquet file tells: rows, numeric columns, the first and the last day.

Field ids and enums are those of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from pulse.domain.sizing.facts import MAX_COLUMNS, DatasetFacts, day_of, of_this_era, time_column
from pulse.domain.sizing.thrift_compact import read_struct

MAGIC = b"PAR1"
MEASURED = "Parquet metadata"

_END_BYTES = 8  # length of the footer, then the magic
_MOST_ROWS = 2**63 - 1
_EPOCH = date(1970, 1, 1)
_INT32, _INT64, _BYTE_ARRAY = 1, 2, 6
_NUMBERS = {_INT32, _INT64, 4, 5}  # FLOAT, DOUBLE
_DECIMAL, _FLOAT16 = 5, 15  # logical types that are numbers whatever holds them
_CONVERTED_DECIMAL, _CONVERTED_DATE = 5, 6
_CONVERTED_TIMES = {7, 8, 9, 10}  # of day and with date, in ms and us
_DATE, _TIME, _TIMESTAMP = 6, 7, 8
_MAX_DAYS = 10_000_000
"""More than date can hold: integers beyond are no times."""
_A_DAY = {1: 86_400 * 10**3, 2: 86_400 * 10**6, 3: 86_400 * 10**9}
"""Units a day: the members of TimeUnit are MILLIS, MICROS, NANOS."""
_CONVERTED_A_DAY = {9: _A_DAY[1], 10: _A_DAY[2]}

Element = dict[int, Any]


class InvalidFooter(ValueError):
    """Raised when bytes are not the end of a Parquet file, or its footer cannot be read."""


def footer_bytes(tail: bytes) -> int:
    """How many bytes at the file's end are its footer, given the last eight or more. Raises InvalidFooter."""
    if len(tail) < _END_BYTES or not tail.endswith(MAGIC):
        raise InvalidFooter("a Parquet file ends in PAR1")
    return int.from_bytes(tail[-_END_BYTES:-4], "little") + _END_BYTES


def read_footer(tail: bytes, *, size_bytes: int) -> DatasetFacts:
    """The facts of a file of `size_bytes` whose end is `tail`, the whole footer. Days are None where the
    writer left no statistics. Raises InvalidFooter.
    """
    length = footer_bytes(tail)
    if length > len(tail):
        raise InvalidFooter(f"the footer has {length} bytes, {len(tail)} are there")
    try:
        return _facts(read_struct(tail[-length:-_END_BYTES]), size_bytes)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise InvalidFooter("the footer is not that of a Parquet file") from error


def _facts(metadata: Element, size_bytes: int) -> DatasetFacts:
    rows = metadata[3]
    if not 0 <= rows <= _MOST_ROWS:
        raise InvalidFooter("the number of rows is none")
    columns = {element[4].decode().strip(): element for element in _top_level(metadata[2])}
    times = time_column(list(columns))
    numeric = [name for name, element in columns.items() if name != times and _is_number(element)]
    spans = list(_spans(metadata.get(4, []), columns[times], times)) if times else []
    firsts, lasts = [first for first, _ in spans if first], [last for _, last in spans if last]
    return DatasetFacts(
        bytes=size_bytes,
        rows=rows,
        columns=tuple(numeric[:MAX_COLUMNS]),
        column_count=len(numeric),
        first=min(firsts) if spans and len(firsts) == len(spans) else None,
        last=max(lasts) if spans and len(lasts) == len(spans) else None,
        measured=MEASURED,
    )


def _top_level(schema: list[Element]) -> Iterator[Element]:
    """The columns that are not nested. The schema is a tree flattened depth first, from its root on."""
    nested = 0
    for element in schema[1:]:
        children = element.get(5) or 0
        if not nested and not children:
            yield element
        nested = max(0, nested - 1) + children


def _is_number(element: Element) -> bool:
    logical, converted = element.get(10) or {}, element.get(6)
    if _DECIMAL in logical or _FLOAT16 in logical or converted == _CONVERTED_DECIMAL:
        return True
    is_time = logical.keys() & {_DATE, _TIME, _TIMESTAMP} or converted in _CONVERTED_TIMES | {_CONVERTED_DATE}
    return element.get(1) in _NUMBERS and not is_time


def _spans(
    row_groups: list[Element], element: Element, name: str
) -> Iterator[tuple[date | None, date | None]]:
    """The first and the last day of the column in each row group, None where its statistics tell none."""
    day = _reader(element)
    for group in row_groups:
        for chunk in group[1]:
            column = chunk.get(3) or {}
            if [part.decode().strip() for part in column.get(3, [])] != [name]:
                continue
            statistics = column.get(12) or {}
            low, high = (day(statistics[field]) if field in statistics else None for field in (6, 5))
            yield low, high


def _reader(element: Element) -> Callable[[bytes], date | None]:
    """How the column's statistics become a day."""
    kind, logical, converted = element.get(1), element.get(10) or {}, element.get(6)
    if kind == _BYTE_ARRAY:
        return lambda raw: day_of(raw.decode("utf-8", "replace"))
    if kind == _INT32 and (_DATE in logical or converted == _CONVERTED_DATE):
        return lambda raw: _after_epoch(raw, 1)
    unit = next(iter((logical.get(_TIMESTAMP) or {}).get(2) or {}), None)
    a_day = _A_DAY.get(unit) if unit else _CONVERTED_A_DAY.get(converted or 0)
    if kind == _INT64 and a_day:
        return lambda raw: _after_epoch(raw, a_day)
    return lambda _: None


def _after_epoch(raw: bytes, a_day: int) -> date | None:
    days = int.from_bytes(raw, "little", signed=True) // a_day
    try:
        return of_this_era(_EPOCH + timedelta(days=days)) if abs(days) < _MAX_DAYS else None
    except OverflowError:
        return None
