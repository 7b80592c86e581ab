"""What can end a run before it is done. Each error carries its exit code and a sentence that says what to do.

TrainingError
├── UsageError
├── UnreadableFileError
│   └── EmptyFileError
├── NoSuchDatasetError
│   └── MissingPartError
├── MissingVariableError
├── EmptyPeriodError
├── TooLittleDataError
├── ResultsNotWrittenError
├── TemporaryError
├── AlreadyClaimedError
└── AccessDeniedError
Terminated (SystemExit: no `except Exception` on the way out may swallow it)
"""

from collections.abc import Sequence
from typing import ClassVar

from recursive_training.exit_codes import ExitCode


class TrainingError(Exception):
    """A run that cannot go on, for a reason its caller can do something about."""

    exit_code: ClassVar[ExitCode] = ExitCode.UNEXPECTED


def some(sentences: Sequence[str], most: int = 3) -> str:
    """The first few sentences, and how many more there are: a last log line is to be read."""
    rest = len(sentences) - most
    return " ".join([*sentences[:most], *([f"(And {rest} more, see the log.)"] if rest > 0 else [])])


class UsageError(TrainingError):
    """Raised when options or environment variables are wrong, once, with every fault in `faults`."""

    exit_code = ExitCode.USAGE

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__(" ".join(faults))


class UnreadableFileError(TrainingError):
    """Raised when an object is not a table this program can read."""

    exit_code = ExitCode.UNREADABLE_FILE


class EmptyFileError(UnreadableFileError):
    """Raised when an object is empty, or a table without rows: nothing is lost with it."""


class NoSuchDatasetError(TrainingError):
    """Raised when there is no such bucket, key or version, or no data set under the prefix."""

    exit_code = ExitCode.NO_SUCH_DATASET


class MissingPartError(NoSuchDatasetError):
    """Raised when what a shard or a sweep's combination wrote is not there, or does not belong together."""


class MissingVariableError(TrainingError):
    """Raised when variables asked for by name have no data in the period."""

    exit_code = ExitCode.MISSING_VARIABLE


class EmptyPeriodError(TrainingError):
    """Raised when no variable at all has data in the period."""

    exit_code = ExitCode.EMPTY_PERIOD


class TooLittleDataError(TrainingError):
    """Raised when no window has enough history before it."""

    exit_code = ExitCode.TOO_LITTLE_DATA


class ResultsNotWrittenError(TrainingError):
    """Raised when a result could not be stored for good."""

    exit_code = ExitCode.RESULTS_NOT_WRITTEN


class TemporaryError(TrainingError):
    """Raised when S3 answered that it cannot now, or did not answer, after the client's own retries."""

    exit_code = ExitCode.TEMPORARY


class AlreadyClaimedError(TrainingError):
    """Raised when another AWS Batch job has claimed this run."""

    exit_code = ExitCode.ALREADY_CLAIMED


class AccessDeniedError(TrainingError):
    """Raised when S3 refused the credentials or the action."""

    exit_code = ExitCode.ACCESS_DENIED


class Terminated(SystemExit):
    """Raised by the SIGTERM handler, wherever the program then is."""

    def __init__(self) -> None:
        super().__init__(int(ExitCode.TERMINATED))

    def __str__(self) -> str:
        return "stopped by SIGTERM before the end: do not use what was written. Run the job again."
