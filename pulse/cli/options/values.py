"""Option texts as the JSON values of a request. What is allowed beyond their form, the API says."""

import math
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import typer

from pulse.domain.fault import listed, shown
from pulse.domain.parsing import json_text
from pulse.domain.parsing.json_text import NotJson
from pulse.domain.validation import InvalidInput, shown_name

AUTO = "auto"
NAMES = "variables"
"""The one option of a sweep whose values are lists."""


def number_or_auto(text: str) -> float | str:
    if text == AUTO:
        return text
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise typer.BadParameter(f"a number or {AUTO}, not {text!r}")
    return int(number) if number.is_integer() else number


def integer_or_auto(text: str) -> int | str:
    if text == AUTO:
        return text
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"an integer or {AUTO}, not {text!r}") from None


def usd(text: str) -> str:
    """A JSON string, so that no cent is lost in a binary fraction."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise typer.BadParameter(f"US dollars, such as 1.50, not {text!r}")
    return str(amount)


def pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise typer.BadParameter(f"NAME=VALUE, not {text!r}")
    return name, value


def json_pair(text: str) -> tuple[str, Any]:
    """`memory_mib=4096`, `variables=["spx_close"]`: a JSON value, or else text."""
    name, value = pair(text)
    return name, json_or_text(value)


def missing_value(text: str) -> float | str:
    """A number as JSON has it, or else text; in double quotes always text."""
    try:
        value = json_text.decode(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return text
    # true and null are texts in a table.
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else text


def once_each(pairs: Iterable[tuple[str, Any]], option: str) -> dict[str, Any]:
    """The values by name. Raises typer.BadParameter for a name that is given twice, with both values."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            both = f"{shown(found[name])} and {shown(value)}"
            raise typer.BadParameter(f"{shown_name(name)} is given twice: {both}", param_hint=f"'{option}'")
        found[name] = value
    return found


def swept(text: str) -> tuple[str, list[Any]]:
    """`batch_size_days=14,30`; for `variables`, each value is a list of names joined by +."""
    name, values = pair(text)
    found: list[Any] = values.split(",")
    return name, [value.split("+") for value in found] if name == NAMES else [json_or_text(v) for v in found]


def dependency(text: str) -> str | dict[str, str]:
    """`ID`, `ID:N_TO_N` or `SEQUENTIAL`."""
    job_id, _, kind = text.partition(":")
    if text == "SEQUENTIAL":
        return {"type": text}
    if not job_id or kind not in ("", "N_TO_N"):
        raise typer.BadParameter(f"a job id, one followed by :N_TO_N, or SEQUENTIAL, not {text!r}")
    return {"job_id": job_id, "type": kind} if kind else job_id


def json_or_text(text: str) -> Any:
    """Raises typer.BadParameter for JSON that names a field twice."""
    try:
        return json_text.decode(text.encode("utf-8", "surrogatepass"))
    except InvalidInput as error:
        raise typer.BadParameter(listed(error.faults)) from error
    except NotJson:
        return text
