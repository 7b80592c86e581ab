"""A sweep: options with the values to try for each, and the combinations that they make."""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import Any

from recursive_training.checks import AUTO, Check
from recursive_training.model.trust import CRITERIA

Grid = Mapping[str, Sequence[Any]]
"""Option to values, as the JSON gives them."""

LONGEST_WINDOW = 3650  # days
MOST_COMBINATIONS = 10_000
"""As many children as an array job can have:
https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""
_HANDFUL = 5
_READ: Mapping[str, Callable[[Check, str, object], object]] = {
    "batch_size_days": lambda check, name, value: check.number(name, json.dumps(value), 1, LONGEST_WINDOW),
    "start_date": Check.day,
    "end_date": Check.day,
    "model": Check.model,
    "season": lambda check, name, value: check.season(name, value if value == AUTO else json.dumps(value)),
    "success_criterion": lambda check, name, value: check.choice(name, value, tuple(CRITERIA)),
    "variables": Check.names,
}


def read(name: str, text: str, check: Check) -> Grid:
    """The grid in the JSON text; empty, and the faults told, when it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not found:
        check.fault(name, f"a JSON object, lists of values by option ({', '.join(_READ)})", text)
        return {}
    count = prod(len(values) for values in found.values() if isinstance(values, list))
    if count > MOST_COMBINATIONS:
        # Not every value of a list that is far too long is looked at.
        check.fault(name, f"a grid of at most {MOST_COMBINATIONS} combinations", f"{count} combinations")
        return {}
    before = len(check.faults)
    for option, values in found.items():
        if option not in _READ:
            check.fault(f"{name}: an option", f"one of {', '.join(_READ)}", option)
        elif not isinstance(values, list) or not values:
            check.fault(f"{name} {option}", "a list of at least one value", values)
        else:
            check.faults += _faults(f"{name} {option}", option, values)
    return found if len(check.faults) == before else {}


def _faults(name: str, option: str, values: Sequence[object]) -> list[str]:
    """What is wrong with the values of an option: a handful of them, and how many more there are."""
    check = Check()
    for value in values:
        _READ[option](check, name, value)
    more = len(check.faults) - _HANDFUL
    return check.faults[:_HANDFUL] + ([f"{name}: and {more} more."] if more > 0 else [])


def combinations(grid: Grid) -> list[dict[str, Any]]:
    """Every choice of one value an option, in the order of itertools.product."""
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def values(grid: Grid, option: str) -> list[Any]:
    """The values of one option as Options has them; empty when it is not swept."""
    return [_READ[option](Check(), option, value) for value in grid.get(option, ())]


def chosen(grid: Grid, index: int) -> dict[str, Any]:
    """The index-th combination as Options has it."""
    combination = next(islice(product(*grid.values()), index, None))
    return {o: _READ[o](Check(), o, value) for o, value in zip(grid, combination, strict=True)}
