"""What a run works on: the data, and the windows that each variable can be retrodicted in."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from itertools import chain

from recursive_training.data import dataset
from recursive_training.data.dataset import Dataset
from recursive_training.data.s3 import Bucket
from recursive_training.data.sources import Listing
from recursive_training.errors import TooLittleDataError, some
from recursive_training.logs import logger
from recursive_training.model import windows
from recursive_training.options import Options
from recursive_training.series import Window
from recursive_training.steps.walk import Task, tasks


@dataclass(frozen=True)
class Prepared:
    """`windows` are those of the whole period, by index; `usable` follows the data's series."""

    data: Dataset
    windows: list[Window]
    usable: list[list[Window]]
    left_out: list[str]

    @property
    def walked(self) -> list[int]:
        """The indexes, ascending, of the windows that at least one variable can be retrodicted in."""
        return sorted({window.index for window in chain(*self.usable)})

    def tasks(self, options: Options, indexes: Container[int]) -> list[Task]:
        """The work in the windows of these indexes, variable by variable."""
        return [
            task
            for series, usable in zip(self.data.series, self.usable, strict=True)
            for task in tasks(
                series, [w for w in usable if w.index in indexes], options.batch_size_days, options.choice
            )
        ]


def prepare(bucket: Bucket, options: Options, listing: Listing | None = None) -> Prepared:
    """Reads the data, or exactly the `listing`, and cuts the period. Raises TrainingError."""
    data = dataset.load(bucket, options, listing)
    left_out = list(data.left_out)
    span, usable = _cut(data, data.start, options)
    if not any(one.windows for one in usable) and (start := _later_start(data, options)):
        span, usable = _cut(data, start, options)
        left_out.append(
            f"No window from {data.start} on has enough history before it: the first starts on {start}."
        )
    left_out += [sentence for one in usable for sentence in one.left_out]
    for sentence in data.warnings:
        logger.warning("Read this first: %s", sentence)
    for sentence in data.reading:
        logger.info("How the data were read: %s", sentence)
    for sentence in left_out:
        logger.warning("Left out: %s", sentence)
    if not any(one.windows for one in usable):
        raise TooLittleDataError(
            f"No window between {data.start} and {data.end} has enough history before it in {data.where}. "
            f"{some(left_out)} Load more history, start later, or take a smaller --batch-size-days."
        )
    logger.info(
        "Run %s: %d variables, %s to %s, windows of %d days",
        options.job_id, len(data.series), data.start, data.end, options.batch_size_days,
    )  # fmt: skip
    return Prepared(data, span, [one.windows for one in usable], left_out)


def _cut(data: Dataset, start: date, options: Options) -> tuple[list[Window], list[windows.Usable]]:
    """The windows from `start` to the period's end, and for each variable those it can be retrodicted in."""
    span = windows.cut(start, data.end, options.batch_size_days)
    return span, [windows.usable(series, span, options.batch_size_days) for series in data.series]


def _later_start(data: Dataset, options: Options) -> date | None:
    """The first day of the period on which a variable has enough history, if there is one."""
    days = [windows.first_day(series, options.batch_size_days) for series in data.series]
    return min((day for day in days if day and data.start < day <= data.end), default=None)
