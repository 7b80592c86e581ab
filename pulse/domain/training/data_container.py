"""What the exit codes mean with which a job ends because its data could not be moved: those of sidecar/, the
container that moves the data of described trainings.
"""

from pulse.domain.training.definition import ExitCode

_LOG = "The last line of the log names it exactly."
CODES: dict[str, ExitCode] = {
    "65": ExitCode(
        cause="unreadable-file",
        explanation="The data set cannot be put into files, most often because of the names of its objects.",
        advice=f"{_LOG} Drop the data set under other names.",
    ),
    "66": ExitCode(
        cause="no-such-dataset",
        explanation="What was to be read is not there: the bucket, the data set, its version, or what a "
        "child of a sweep should have written.",
        advice=f"{_LOG} Drop the data set, or name one that is there.",
    ),
    "73": ExitCode(
        cause="results-not-written",
        explanation="The results could not be stored.",
        advice=f"{_LOG} Repair that, then submit the job again.",
    ),
    "74": ExitCode(
        cause="no-space",
        explanation="The disk was full before the data or the results were all written.",
        advice=f"{_LOG} Raise ephemeral_storage_gib in the configuration, or ask for less data.",
    ),
    "75": ExitCode(
        cause="temporary",
        explanation="S3 was throttled, failing or out of reach in the last attempt.",
        advice="Submit it again in a few minutes.",
        retry_helps=True,
    ),
    "76": ExitCode(
        cause="duplicate",
        explanation="Another AWS Batch job has claimed this run, so this one did nothing.",
        advice="Find out who submitted the job that holds it, then run this one again.",
    ),
    "77": ExitCode(
        cause="access-denied",
        explanation="S3 denied the job an action, or the job had no credentials that S3 accepts.",
        advice=f"{_LOG} Grant the job role what it lacks, then submit the job again.",
    ),
}
