"""Says why no header was found in a text, and what to do."""

import re
from collections import Counter
from collections.abc import Sequence

from recursive_training.data.columns.lookalikes import example
from recursive_training.data.files.headers import (
    Header,
    Numbered,
    Row,
    is_number,
    label,
    like_date,
    listed,
    time_place,
)

_LOOK_AHEAD = 5
_LEAST_DATES = 3  # in a header, for it to be one of dates


def refusal(rows: dict[str, list[Numbered]], headers: list[Header], uri: str) -> str:
    numbered = rows[_likely_separator(rows)]
    first = numbered[0].row
    names = [name.strip() or f"column_{place}" for place, name in enumerate(first, start=1)]
    hint = (
        _uncertain_header(headers)
        or _json(first)
        or _no_header(numbered)
        or _single_quotes(first)
        or _dates_as_names(names)
        or _parts_of_dates(names)
        or _blanks([one.row for one in numbered])
        or _dates_elsewhere(first, numbered[1:])
        or _likely_header(numbered)
        or "Name the column of dates 'timestamp'."
    )
    columns = "" if _no_header(numbered) else f" (columns: {listed(names)})"
    return f"No timestamp column in {uri}{columns}. {hint}"


def _uncertain_header(headers: Sequence[Header]) -> str:
    if not headers:
        return ""
    named = headers[0].row[time_place(headers[0].row) or 0].strip()
    return (
        f"A column {named} is named on line {headers[0].line}, where the header is not certain: the names "
        "seem to stand in several lines. Write one line of names above the data, 'timestamp' among them."
    )


def _no_header(numbered: Sequence[Numbered]) -> str:
    line, _, first = numbered[0]
    if not (any(like_date(cell) for cell in first) and any(is_number(cell) for cell in first)):
        return ""
    return (
        f"Line {line} seems to hold data, so the file has no header. "
        "Write a first line with the columns' names, 'timestamp' for the dates."
    )


def _json(first: Row) -> str:
    return "It holds JSON, no CSV: write a table." if re.match(r'\s*[\[{]\s*"', first[0]) else ""


def _single_quotes(first: Row) -> str:
    quoted = all(re.fullmatch(r"\s*'.*'\s*", cell) for cell in first)
    return "Its cells stand in single quotes: write double ones, or none." if quoted else ""


def _dates_as_names(names: Sequence[str]) -> str:
    dates = [name for name in names if like_date(name) and not is_number(name)]
    if len(dates) < _LEAST_DATES:
        return ""
    such_as = f"Its header holds dates ({listed(dates[:2])}, …): each is a column."
    return f"{such_as} Turn the table, so that each date is a row under 'timestamp'."


def _parts_of_dates(names: Sequence[str]) -> str:
    by_name = {name.lower(): name for name in names}
    parts = [by_name[part] for part in ("year", "month", "day") if part in by_name]
    if not parts or parts[0].lower() != "year":
        return ""
    if len(parts) == 1:
        return f"Column {label(parts[0])} holds years: write a day of each, as YYYY-MM-DD, under 'timestamp'."
    return (
        f"Columns {listed(parts)} hold the parts of its dates: write one column 'timestamp', as YYYY-MM-DD."
    )


def _blanks(rows: Sequence[Row]) -> str:
    """Where spaces cut all rows into as many cells, or several in a row stand between two words."""
    if any(len(row) != 1 for row in rows):
        return ""
    counts = {len(row[0].split()) for row in rows if row[0].strip()}
    apart = re.search(r"\S\s{2,}\S", rows[0][0]) or (len(counts) == 1 and counts != {1})
    return "Spaces separate its columns: write commas." if apart else ""


def _likely_header(numbered: Sequence[Numbered]) -> str:
    """Where the first row with as many cells as most have stands, if it is not the first of all."""
    width = Counter(len(one.row) for one in numbered).most_common(1)[0][0]
    place = next((place for place, one in enumerate(numbered) if len(one.row) == width), 0)
    if not place or width == 1:
        return ""
    row = numbered[place].row
    is_data = any(like_date(cell) or is_number(cell) for cell in row)
    cells = "" if is_data else f" ({listed([cell.strip() for cell in row])})"
    return (
        f"The header seems to stand on line {numbered[place].line}{cells}. "
        "Name its column of dates 'timestamp'."
    )


def _dates_elsewhere(names: Row, numbered: list[Numbered]) -> str:
    """Which column seems to hold the dates, under another name."""
    shown = [row for _, _, row in numbered if len(row) == len(names)][:_LOOK_AHEAD]
    for place, name in enumerate(names):
        if shown and all(like_date(row[place]) and not is_number(row[place]) for row in shown):
            called = (
                f"Column {label(name.strip())}" if name.strip() else f"Column {place + 1}, which has no name,"
            )
            such_as = example(shown[0][place])
            return f"{called} seems to hold dates{such_as and f' ({such_as})'}: name it 'timestamp'."
    return ""


def _likely_separator(rows: dict[str, list[Numbered]]) -> str:
    """The one that cuts most rows into as many cells, more than one."""

    def cut(separator: str) -> int:
        widths = Counter(len(row) for _, _, row in rows[separator])
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        return count if width > 1 else 0

    return max(rows, key=cut)
