"""What the exit codes of our training mean to a person. The container's contract, written a second time
because the training shares no code with the rest; a test compares the two. Other programs that run in AWS
Batch mean something else by the same codes: program.py tells them apart.
"""

from typing import NamedTuple


class Meaning(NamedTuple):
    """A word for filters, and two sentences for people."""

    cause: str
    explanation: str
    advice: str


_LOG = "The last line of the log names it exactly."

MEANINGS: dict[int, Meaning] = {
    1: Meaning(
        "training-error",
        "The training ended with an error that it did not expect.",
        "Read the traceback at the end of the log.",
    ),
    2: Meaning(
        "usage",
        "The training did not accept an option or an environment variable.",
        f"{_LOG} Correct the request and submit it again.",
    ),
    65: Meaning(
        "unreadable-file",
        "The data is no table that can be used: a CSV or Parquet file with rows of dates and numbers.",
        f"{_LOG} Repair the file and drop it again.",
    ),
    66: Meaning(
        "no-such-dataset",
        "What was to be read is not there: the bucket, the data set, its version, any data set, or what a "
        "shard or a sweep's combination should have written.",
        f"{_LOG} Drop the data set, or name one that is there; run missing shards or combinations again.",
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
        f"{_LOG} Load more history, or ask for a longer period or smaller windows (batch_size_days).",
    ),
    73: Meaning(
        "results-not-written",
        "The results could not be stored.",
        f"{_LOG} Repair that (most often the name of the results bucket), then submit the job again.",
    ),
    75: Meaning(
        "temporary",
        "S3 was throttled, failing or out of reach in the last attempt.",
        "Submit it again in a few minutes.",
    ),
    76: Meaning(
        "duplicate",
        "Another AWS Batch job has claimed this run, so this one did nothing.",
        "Find out who submitted the job that holds it: the results below this job's id are that job's. Then "
        "run this one again. Where AWS Batch took one submission twice, the other does the work.",
    ),
    77: Meaning(
        "access-denied",
        "S3 denied the job an action, or the job had no credentials that S3 accepts.",
        f"{_LOG} Grant the job role what it lacks, then submit the job again.",
    ),
    143: Meaning(
        "interrupted",
        "The training was told to stop (SIGTERM) and did.",
        "Submit it again; if it happens again, see in the status reason who stops it.",
    ),
}
