"""Reads a column of numbers in text: wholly, in one way to write numbers, or not at all.

Cells that are plain numbers (1234.5, -3, 1e5) keep that meaning. Where others are numbers in another
notation, the column is read only if one notation gives each of them one meaning: thousands separated by
commas, spaces or apostrophes, decimal commas, a minus of Unicode, one unit behind all cells. Their loss would
never be random: large or negative values are those that are written otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from recursive_training.data.columns.notation import Column
from recursive_training.data.notes import quoted

_SPACES = " \u00a0\u2007\u2009\u202f"
_APOSTROPHES = "'’`´"
_MINUS = "−–‒﹣－"
_CURRENCIES = r"\p{Sc}|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|US\$"
_UNITS = r"%|‰|\p{Sc}|[A-Za-zµμΩ°][A-Za-zµμΩ°²³/]{0,11}"
_MULTIPLIERS = frozenset(
    {"k", "m", "mn", "mio", "mrd", "b", "bn", "t", "tn", "g", "e", "d", "x", "st", "nd", "rd", "th", "am",
     "pm", "h", "lakh", "crore", "million", "billion", "thousand"}
)  # fmt: skip
_HUNDRED, _THOUSAND = 100, 1000
_LIKE_NUMBER = (
    r"^\W*(?:[A-Za-zčłś]{1,3}[.\s]+|[A-Z]{0,3}\p{Sc}\s*|[A-Z]{3}\s?)?\W*\d[^:]*$|^\W*\p{Sc}\W*-\W*$"
)
"""Begins with a digit, perhaps behind signs and a currency; or is a zero of accounting, `$ -`."""
_NO_NUMBER = (
    r"^#|\d\s?/\s?\d|^\d{1,4}[-.]\d{1,2}[-.]\d{1,4}(?:\D|$)|[A-Za-z]{13,}|^.{41,}$|(?:[A-Za-z]+\W+){4,}"
)
"""Errors of a spreadsheet, fractions, dates, and what has many words."""
_FARTHEST = 100.0
"""How many times the largest number without a separator the smallest with one may be: beyond it the separator
may be a decimal one."""


@dataclass(frozen=True)
class _Notation:
    """A way to write numbers: what separates decimals, and what thousands."""

    decimal: str
    thousands: str
    name: str

    @property
    def pattern(self) -> str:
        grouped = rf"[1-9]\d{{0,2}}(?:[{self.thousands}]\d{{3}})+"
        return rf"^[+-]?(?:{grouped}|0|[1-9]\d*)?(?:[{self.decimal}]\d*)?(?:[eE][+-]?\d+)?$"

    def read(self, text: pl.Series) -> pl.Series:
        """The numbers, null for cells that are not written so; leading zeros are no such numbers."""
        fitting = text.to_frame("").select(
            pl.when(pl.col("").str.contains(self.pattern) & pl.col("").str.contains(r"\d")).then(pl.col(""))
        )[""]
        plain = fitting.str.replace_all(f"[{self.thousands}]", "").str.replace(
            self.decimal, ".", literal=True
        )
        return plain.cast(pl.Float64, strict=False)


_NOTATIONS = (
    _Notation(".", ",", "commas separate thousands"),
    _Notation(",", ".", "commas separate decimals"),
    _Notation(".", _SPACES, "spaces separate thousands"),
    _Notation(",", _SPACES, "spaces separate thousands, commas decimals"),
    _Notation(".", _APOSTROPHES, "apostrophes separate thousands"),
    _Notation(",", _APOSTROPHES, "apostrophes separate thousands, commas decimals"),
    _Notation(".", "_", "underscores separate thousands"),
)
_WRITE = "Write plain numbers, such as 1234.5."


class NotNumbers(Exception):
    """Raised when cells of a column are numbers in a notation that is not certain; says why."""


def read_numbers(text: pl.Series, plain: pl.Series, column: Column) -> pl.Series:
    """The numbers of a column, null for cells that are none. `plain`: those of its cells that are plain
    numbers.

    Raises NotNumbers where cells are numbers and cannot be read for certain.
    """
    failed = text.is_not_null() & plain.is_null()
    like = failed & (text.str.contains(_LIKE_NUMBER) & ~text.str.contains(_NO_NUMBER)).fill_null(value=False)
    if not like.any():
        demand_decimal_dots(text, plain, column)
        return plain
    cells = pl.select(pl.when(like | plain.is_not_null()).then(text)).to_series()
    bare, unit = _without_unit(_with_plain_signs(cells), like, column)
    readings = list(_readings(bare, plain))
    if len(readings) != 1:
        raise NotNumbers(_refusal(text, like, column, [notation.name for notation, _ in readings]))
    notation, numbers = readings[0]
    _demand_one_way(text, bare, numbers, notation, column)
    first = _first(like)
    said = [
        *([f"{quoted(unit)} was taken off"] if unit else []),
        *([notation.name] if notation.name and bare.str.contains(f"[{notation.thousands},]").any() else []),
    ]
    how = " and ".join(said) or "a minus of Unicode is a minus"
    column.notes.reading.append(f"{column.name}: {how} ({column.shown(text, first)}: {numbers[first]:.12g}).")
    return numbers


def demand_decimal_dots(text: pl.Series, plain: pl.Series, column: Column) -> None:
    """Raises NotNumbers where dots seem to separate thousands: all have three digits behind them, and whole
    numbers stand without one, of hundreds but none of thousands (980, 1.071), or beside zeros behind a dot
    (5, 1.000).
    """
    dotted = text.str.contains(".", literal=True).fill_null(value=False) & plain.is_not_null()
    if not dotted.any() or not text.filter(dotted).str.contains(r"^[+-]?[1-9]\d{0,2}\.\d{3}$").all():
        return
    whole = plain.filter(~dotted & plain.is_not_null()).abs().to_numpy()
    zeros = text.filter(dotted).str.ends_with("0").any()
    if len(whole) and whole.max() < _THOUSAND and (zeros or whole.max() >= _HUNDRED):
        raise NotNumbers(
            _refusal_of(text, _first(dotted), column, "its dot may separate thousands or decimals")
        )


def _with_plain_signs(cells: pl.Series) -> pl.Series:
    inner = cells.str.strip_chars(_SPACES + "\t")
    return inner.str.replace(rf"^[{_MINUS}]\s?", "-").str.replace(rf"([eE])[{_MINUS}]", "${1}-")


def _without_unit(cells: pl.Series, like: pl.Series, column: Column) -> tuple[pl.Series, str]:
    """The cells without the one unit that all of them have, before or behind the number, and the unit."""
    filled = cells.drop_nulls()
    for pattern, place in (
        (rf"^(-?)\s?({_CURRENCIES})\s?([\d.,].*)$", "before"),
        (rf"^(.*[\d.,])\s?({_UNITS})$", "behind"),
    ):
        group = 2
        units = filled.str.extract(pattern, group)
        if units.null_count() or units.n_unique() != 1:
            continue
        unit = str(units[0])
        if unit.lower() in _MULTIPLIERS:
            raise NotNumbers(_refusal_of(cells, _first(like), column, f"{quoted(unit)} may multiply them"))
        kept = "${1}${3}" if place == "before" else "${1}"
        return cells.str.replace(pattern, kept), unit
    return cells, ""


def _readings(bare: pl.Series, plain: pl.Series) -> Iterator[tuple[_Notation, pl.Series]]:
    """Each notation that all cells are in and that leaves plain numbers as they are, once a meaning."""
    seen: list[pl.Series] = []
    filled = len(bare) - bare.null_count()
    for notation in _NOTATIONS:
        numbers = notation.read(bare)
        if notation.decimal == ".":  # plain numbers may have leading zeros
            numbers = pl.select(pl.coalesce(numbers, plain)).to_series()
        if len(numbers) - numbers.null_count() != filled:
            continue
        if (plain.is_not_null() & (numbers != plain)).any():
            continue
        if any(numbers.equals(other, check_names=False) for other in seen):
            continue
        seen.append(numbers)
        yield notation, numbers


def _demand_one_way(
    text: pl.Series, bare: pl.Series, numbers: pl.Series, notation: _Notation, column: Column
) -> None:
    """Raises NotNumbers where large numbers stand with and without separators, or far from all others."""
    separated = bare.str.contains(f"[{notation.thousands}]").fill_null(value=False)
    if not separated.any():
        return
    sizes = numbers.abs()
    without = pl.select(pl.when(~separated).then(sizes)).to_series()
    large = (without >= _THOUSAND).fill_null(value=False) & ~bare.str.contains("[eE]").fill_null(value=False)
    if large.any():
        one, other = (column.shown(text, _first(mask)) for mask in (separated, large))
        raise NotNumbers(f"some thousands are separated ({one}), others not ({other}). {_WRITE}")
    if bare.str.contains(rf"[{notation.thousands}].*[{notation.thousands}{notation.decimal}]").any():
        return
    nearest, largest = sizes.filter(separated).to_numpy().min(), without.drop_nulls().to_numpy()
    if len(largest) and nearest > _FARTHEST * largest.max():
        raise NotNumbers(
            f"the separator of {column.shown(text, _first(separated))} may be one of decimals: all numbers "
            f"without one are at most {largest.max():g}. {_WRITE}"
        )


def _refusal(text: pl.Series, like: pl.Series, column: Column, names: list[str]) -> str:
    if names:
        why = f"it is not certain whether {' or '.join(names)}"
        return _refusal_of(text, _first(like), column, why)
    sign = next(
        (said for pattern, said in _SIGNS.items() if text.filter(like).str.contains(pattern).any()), ""
    )
    fitting = next((pattern for pattern in _SIGNS if text.filter(like).str.contains(pattern).any()), ".")
    row = _first(like & text.str.contains(fitting).fill_null(value=False))
    return _refusal_of(text, row, column, sign or "the cells are written in more than one way")


_SIGNS: Mapping[str, str] = {
    r"^\s*[<>≤≥~≈]": "a limit is no value",
    r"\d\.\d+\.\d": "its dots separate thousands, so what a dot means in other cells is not certain",
    r"^\s*[(\[]": "numbers in brackets may be negative ones or something else",
    rf"\d[-{_MINUS}]$": "a minus behind a number may be negative or something else",
    r"[*†‡]$": "marks stand behind numbers",
    r"\d\s?(?:%|‰|\p{Sc}|[A-Za-z°µμΩ]+)": "units stand behind some cells or differ",
    r"^[+-]?0\d": "leading zeros, as codes have them, stand before other characters",
    r"^\s*[+-]?\s?[\p{Sc}A-Za-z]": "units stand before some cells or differ",
}


def _refusal_of(text: pl.Series, row: int, column: Column, why: str) -> str:
    return f"numbers such as {column.shown(text, row)}: {why}. {_WRITE}"


def _first(mask: pl.Series) -> int:
    return int(mask.fill_null(value=False).arg_max() or 0)
