"""Reads times quickly that are all written in the way of most programs, each part as wide as in the first."""

import re

import polars as pl

from recursive_training.data.columns.forms import OFFSETS
from recursive_training.data.columns.notation import Times

_USUAL = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:(?P<gap>[T ])[0-9]{2}:[0-9]{2}(?P<second>:[0-9]{2}(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MOST_OFFSETS = 2
"""A place has so many in a year. With more of them, what looks like an offset may be the end of a span."""
_MICROSECOND_DIGITS = 6


def read_quickly(cells: pl.Series) -> Times | None:
    """The times, null where a cell is empty; None where some cell is written otherwise or is no time."""
    first = cells.first(ignore_nulls=True)
    found = _USUAL.fullmatch(first) if isinstance(first, str) else None
    if found is None or not cells.str.contains(_pattern(found)).all():
        return None
    local = _local(cells, found)
    if local.null_count() > cells.null_count():
        return None
    if found["zone"] is None:
        return Times(local)
    if found["zone"] == "Z":
        return Times(local, local)
    offset = _offset(cells.str.slice(found.start("zone")))
    return None if offset is None else Times(local - offset, local)


def _pattern(found: re.Match[str]) -> str:
    """Of the cells that are written as this one."""
    pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    if found["gap"]:
        pattern += f"{found['gap']}[0-9]{{2}}:[0-5][0-9]"
    if found["second"]:
        pattern += ":[0-5][0-9]"  # strptime would take 60 for the next minute
    if found["fraction"]:
        pattern += rf"\.[0-9]{{{len(found['fraction'])}}}"
    if found["zone"] and found["zone"] != "Z":
        return pattern + "[+-]" + re.sub("[0-9]", "[0-9]", found["zone"][1:]) + "$"
    return f"{pattern}{found['zone'] or ''}$"


def _local(cells: pl.Series, found: re.Match[str]) -> pl.Series:
    form, width = "%Y-%m-%d", 10
    if found["gap"]:
        form, width = f"{form}{found['gap']}%H:%M", 16
    if found["second"]:
        form, width = f"{form}:%S", 19
    local: pl.Series = cells.str.slice(0, width).str.to_datetime(form, strict=False, time_unit="us")
    if not found["fraction"]:
        return local
    digits = min(_MICROSECOND_DIGITS, len(found["fraction"]))
    fraction = cells.str.slice(width + 1, digits).cast(pl.Int64) * 10 ** (_MICROSECOND_DIGITS - digits)
    return local + fraction.cast(pl.Duration("us"))  # type: ignore[no-any-return] # a Series and a Series


def _offset(zones: pl.Series) -> pl.Series | None:
    """How far east of UTC each is; None where they are too many, or one lies nowhere."""
    minutes = {zone: _minutes(zone) for zone in zones.unique().drop_nulls()}
    if len(minutes) > _MOST_OFFSETS or not all(OFFSETS[0] <= one <= OFFSETS[1] for one in minutes.values()):
        return None
    offset = zones.replace_strict(minutes, return_dtype=pl.Int64) * 60_000_000
    return offset.cast(pl.Duration("us"))


def _minutes(zone: str) -> int:
    """Of `+01:00` or `-0330`."""
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return -minutes if zone.startswith("-") else minutes
