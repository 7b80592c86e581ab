"""How a run ends: the one table of exit codes. Where sysexits.h has a code for the case, it is that code."""

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """`meaning` is a sentence for people; `retry` says whether the same command may succeed later."""

    meaning: str
    retry: bool

    def __new__(cls, value: int, meaning: str, retry: bool = False) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.retry = retry
        return member

    OK = 0, "The run finished and its results are written."
    UNEXPECTED = 1, "An error nobody foresaw; the traceback is in the log."
    USAGE = 2, "An option or an environment variable is wrong; every fault is listed."
    UNREADABLE_FILE = 65, "A file is neither a CSV nor a Parquet table with a timestamp and a number in it."
    NO_SUCH_DATASET = (
        66,
        "There is no such bucket, key or version, nothing under the prefix, or a child's result is missing.",
    )
    MISSING_VARIABLE = 67, "A variable that was asked for has no data in the period."
    EMPTY_PERIOD = 68, "No variable has data in the period."
    TOO_LITTLE_DATA = 69, "No window has enough history before it to fit a model on."
    RESULTS_NOT_WRITTEN = 73, "The results could not be stored; metrics.json and manifest.json are not there."
    TEMPORARY = 75, "S3 was throttled, failing or out of reach.", True
    ALREADY_CLAIMED = 76, "Another AWS Batch job has claimed this run; this duplicate did nothing."
    ACCESS_DENIED = 77, "S3 refused the credentials or the action."
    TERMINATED = 143, "SIGTERM: the job was cancelled, timed out, or its Spot capacity was reclaimed.", True
