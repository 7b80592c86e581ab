"""One request as many containers: shards of the training windows, or a sweep over options.

Either is an AWS Batch array job of `size` children, followed by one job that merges or ranks what they wrote:
https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html.
"""

import json
from collections.abc import Sequence
from datetime import date
from math import prod
from typing import Annotated, Any

from msgspec import Meta, Struct

from pulse.domain.fault import HANDFUL, Fault, and_more, shown
from pulse.domain.request.batch_limits import MAX_ARRAY_SIZE, MIN_ARRAY_SIZE
from pulse.domain.request.defaults import (
    BatchSizeDays,
    ModelName,
    Season,
    SuccessCriterion,
    Variables,
)
from pulse.domain.request.parameters import MAX_PARAMETERS, ParameterName, Value

Shards = Annotated[
    int,
    Meta(ge=MIN_ARRAY_SIZE, le=MAX_ARRAY_SIZE, description="an integer from 2 to 10000"),
]
_AS_MANY = Meta(max_length=MAX_ARRAY_SIZE)
_ONCE = "each value once"


class Sweep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Values to try for an option; every combination is a child. The rest stays as the request says."""

    batch_size_days: Annotated[tuple[BatchSizeDays, ...], _AS_MANY] = ()
    start_date: Annotated[tuple[date, ...], _AS_MANY] = ()
    end_date: Annotated[tuple[date, ...], _AS_MANY] = ()
    success_criterion: Annotated[tuple[SuccessCriterion, ...], _AS_MANY] = ()
    model: Annotated[tuple[ModelName, ...], _AS_MANY] = ()
    season: Annotated[tuple[Season, ...], _AS_MANY] = ()
    variables: Annotated[tuple[Variables, ...], _AS_MANY] = ()
    parameters: Annotated[
        dict[ParameterName, Annotated[tuple[Value, ...], _AS_MANY]], Meta(max_length=MAX_PARAMETERS)
    ] = {}

    @property
    def grid(self) -> dict[str, list[Any]]:
        """The options of retrodiction that are swept, with their values as its `--sweep` takes them."""
        return {
            name: [value.isoformat() if isinstance(value, date) else value for value in values]
            for name, values in ((name, getattr(self, name)) for name in _OPTIONS)
            if values
        }

    @property
    def size(self) -> int:
        return prod(len(values) for values in (*self.grid.values(), *self.parameters.values()))

    def option(self) -> str:
        """What is swept as JSON. The order of its names decides which child gets which combination."""
        return json.dumps(self.grid or self.parameters, separators=(",", ":"), ensure_ascii=False)

    def faults(self) -> list[Fault]:
        """Not every value is looked at when there are more than an array job can have children."""
        faults = []
        if not MIN_ARRAY_SIZE <= self.size <= MAX_ARRAY_SIZE:
            limit = (
                f"{MIN_ARRAY_SIZE} to {MAX_ARRAY_SIZE} combinations of {', '.join(self.__struct_fields__)}"
            )
            faults.append(Fault("", limit, f"{self.size if self.grid or self.parameters else 0}"))
        if self.size <= MAX_ARRAY_SIZE:
            named = {**self.grid, **{f"parameters.{name}": v for name, v in self.parameters.items()}}
            faults += [fault for name, values in named.items() for fault in _repeated(name, values)]
        return faults


_OPTIONS = tuple(name for name in Sweep.__struct_fields__ if name != "parameters")


def _repeated(name: str, values: Sequence[Any]) -> list[Fault]:
    """A fault for each value that stands in the list before, a handful of them and how many more."""
    seen: set[str] = set()
    faults, count = [], 0
    for i, value in enumerate(values):
        text = json.dumps(value)
        if text in seen:
            count += 1
            if count <= HANDFUL:
                faults.append(Fault(f"{name}[{i}]", _ONCE, shown(value)))
        seen.add(text)
    return faults + and_more(count, name, _ONCE)
