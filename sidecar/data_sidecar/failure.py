"""What ends the data container before its part is done: an exit code and a sentence that says what to do."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Where sysexits.h has a code for the case, it is that code. Another attempt helps 75 and 143."""

    UNEXPECTED = 1  # nobody foresaw it; the traceback is in the log
    USAGE = 2  # an environment variable is wrong
    BAD_NAME = 65  # a key that cannot be a file
    MISSING = 66  # no such bucket, object or version, or a child's file is missing
    NOT_STORED = 73  # something could not be written to S3
    DISK = 74  # the volume is full, or refuses
    TEMPORARY = 75  # S3 was throttled, failing or out of reach
    CLAIMED = 76  # another AWS Batch job has the run
    DENIED = 77  # S3 refused the credentials or the action
    TERMINATED = 143  # SIGTERM before the training had ended


class Failure(Exception):
    """Raised with a sentence for people: what happened, to which object, why, and what to do."""

    def __init__(self, code: ExitCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Terminated(SystemExit):
    """Raised by SIGTERM while the data is still on its way (no `except Exception` may swallow it)."""

    def __init__(self) -> None:
        super().__init__(int(ExitCode.TERMINATED))
