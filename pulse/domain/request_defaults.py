"""What a job is asked to do where its request says nothing. Configuration sets it."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from pulse.domain.batch_limits import JobNamePrefix
from pulse.domain.fault import Fault, shown
from pulse.domain.profile import ProfileName

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
BatchSizeDays = Annotated[int, Meta(ge=1, le=3650, description="days, an integer from 1 to 3650")]
DaskThreads = Annotated[int, Meta(ge=1, le=256, description="an integer from 1 to 256")]
SuccessCriterion = Literal["beats-persistence", "beats-baselines", "within-interval"]
CONTAINER_CRITERION: SuccessCriterion = "beats-persistence"
"""What the training takes when its command names none."""
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class RequestDefaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """No `variables`: all numeric columns. No dates: the whole period of the data."""

    profile: ProfileName
    variables: Variables = ()
    batch_size_days: BatchSizeDays = 30
    start_date: date | None = None
    end_date: date | None = None
    use_dask: bool = False
    dask_threads: DaskThreads = 2
    success_criterion: SuccessCriterion = CONTAINER_CRITERION
    log_level: LogLevel = "INFO"
    job_name_prefix: JobNamePrefix = "pulse-retrodiction"

    def faults(self) -> list[Fault]:
        return period_faults(self.start_date, self.end_date)


def period_faults(start: date | None, end: date | None) -> list[Fault]:
    """A period must not end before it starts."""
    if start and end and end < start:
        return [Fault("end_date", f"a date not before start_date {start}", shown(end))]
    return []
