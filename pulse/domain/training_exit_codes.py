"""What the exit codes of our training mean to a person. The container's contract, told a second time because
the training shares no code with the rest; a test compares the two.
"""

from typing import NamedTuple


class Meaning(NamedTuple):
    """A word for filters, and two sentences for people."""

    cause: str
    explanation: str
    advice: str


_LOG = "The last line of the log names it."

MEANINGS: dict[int, Meaning] = {
    1: Meaning(
        "training-error",
        "The training ended with an error that it did not expect.",
        "Read the end of the log.",
    ),
    2: Meaning(
        "usage",
        "The training did not accept an option or an environment variable.",
        f"{_LOG} Correct the request and submit it again.",
    ),
    65: Meaning(
        "unreadable-file",
        "A file is neither a CSV nor a Parquet table with a timestamp and a number in it.",
        f"{_LOG} Repair the file and drop it again.",
    ),
    66: Meaning(
        "no-such-dataset",
        "The data set, or this version of it, does not exist, or nothing lies under the prefix.",
        f"{_LOG} Drop the data set, or name one that is there.",
    ),
    67: Meaning(
        "missing-variable",
        "A variable that was asked for has no data in the period.",
        f"{_LOG} Drop the variable from the request, or load it.",
    ),
    68: Meaning(
        "empty-period",
        "No variable has data in the period.",
        f"{_LOG} Ask for a period that the data covers.",
    ),
    69: Meaning(
        "too-little-data",
        "No window has enough history before it to fit a model on.",
        "Ask for a longer period or smaller windows (batch_size_days).",
    ),
    73: Meaning(
        "results-not-written",
        "The results could not be stored in the results bucket.",
        "Check the job role's s3:PutObject on results/* of the results bucket, then submit the job again.",
    ),
    75: Meaning(
        "temporary",
        "S3 was throttled, failing or out of reach in every attempt.",
        "Submit it again in a few minutes.",
    ),
    77: Meaning(
        "access-denied",
        "S3 refused the job role's credentials or the action.",
        f"{_LOG} Grant the job role what it lacks, then submit the job again.",
    ),
    143: Meaning(
        "interrupted",
        "The training was told to stop (SIGTERM) and did.",
        "Submit it again; if it happens again, see in the status reason who stops it.",
    ),
}
