"""What a job is asked to do where its request says nothing. Configuration sets it."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from pulse.domain.fault import Fault, shown
from pulse.domain.request.batch_limits import JobNamePrefix
from pulse.domain.request.profile import ProfileName
from pulse.domain.text.dollars import Usd, limit_faults

VariableName = Annotated[
    str,
    Meta(
        # A leading hyphen would be read as an option by the training's command line.
        pattern=r"^[^-\s\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,127}\Z",
        description="the name of a column, 1 to 128 characters, no control characters, "
        "not beginning with a hyphen or a space",
    ),
]
Variables = Annotated[
    tuple[VariableName, ...], Meta(max_length=200, description="a list of at most 200 names of columns")
]
MissingValue = Annotated[
    int
    | float
    | Annotated[
        str,
        Meta(
            # No control characters, nothing invisible but the space, nothing of private use.
            pattern=r"^[^\x00-\x1f\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
            r"\ud800-\udfff\ue000-\uf8ff\ufff0-\uffff]{1,64}\Z"
        ),
    ],
    Meta(description="a number, or a text of 1 to 64 printable characters"),
]
MissingValues = Annotated[
    tuple[MissingValue, ...],
    Meta(
        max_length=20,
        description="a list of at most 20 numbers or texts, each text of 1 to 64 printable characters",
    ),
]
IdColumns = Annotated[
    tuple[VariableName, ...],
    Meta(min_length=1, max_length=4, description="a list of 1 to 4 names of columns"),
]
BatchSizeDays = Annotated[int, Meta(ge=1, le=3650, description="days, an integer from 1 to 3650")]
DaskThreads = Annotated[int, Meta(ge=1, le=256, description="an integer from 1 to 256")]
SuccessCriterion = Literal["beats-persistence", "beats-baselines", "within-interval"]
CONTAINER_CRITERION: SuccessCriterion = "beats-persistence"
"""What the training takes when its command names none."""
ModelName = Literal[
    "auto",
    "naive",
    "drift",
    "seasonal-naive",
    "momentum-ridge",
    "direct-ridge",
    "level-ridge",
    "seasonal-ridge",
]
"""What the training forecasts with: auto chooses among all."""
Season = Annotated[int, Meta(ge=1, le=10_000, description="observations, an integer from 1 to 10000")]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class RequestDefaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """No `variables`: all numeric columns. No dates: the whole period of the data. `missing_values`: what
    means an empty cell, beside what always does. `max_cost_usd`: what a request may cost that names no limit.
    """

    profile: ProfileName
    variables: Variables = ()
    missing_values: MissingValues = ()
    batch_size_days: BatchSizeDays = 30
    start_date: date | None = None
    end_date: date | None = None
    use_dask: bool = False
    dask_threads: DaskThreads = 2
    success_criterion: SuccessCriterion = CONTAINER_CRITERION
    log_level: LogLevel = "INFO"
    job_name_prefix: JobNamePrefix = "pulse-retrodiction"
    max_cost_usd: Usd | None = None

    def faults(self) -> list[Fault]:
        return [
            *period_faults(self.start_date, self.end_date),
            *reading_faults(self.missing_values),
            *limit_faults("max_cost_usd", self.max_cost_usd),
        ]


def period_faults(start: date | None, end: date | None) -> list[Fault]:
    """A period must not end before it starts."""
    if start and end and end < start:
        return [Fault("end_date", f"a date not before start_date {start}", shown(end))]
    return []


def reading_faults(
    missing_values: Sequence[float | str] | None, id_columns: Sequence[str] | None = None
) -> list[Fault]:
    """A number must be one that the data can hold, and no column can be named twice."""
    faults = [
        Fault(f"missing_values[{i}]", "a number that a double holds exactly, or a text", shown(value))
        for i, value in enumerate(missing_values or ())
        if isinstance(value, int) and not _is_double(value)
    ]
    names = id_columns or ()
    return faults + [
        Fault(f"id_columns[{i}]", "each column once", shown(name))
        for i, name in enumerate(names)
        if name in names[:i]
    ]


def _is_double(number: int) -> bool:
    try:
        return int(float(number)) == number
    except OverflowError:
        return False
