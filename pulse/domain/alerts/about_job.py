"""What every alert about a job has in common: its subject, the commands for it, where a person looks further.
Its facts are in facts.py.
"""

import shlex

from msgspec import Struct

from pulse.domain.alerts.alert import HEADLINE_CHARACTERS, Command, Link
from pulse.domain.console import Console
from pulse.domain.fault import printable
from pulse.domain.job.record import JobRecord
from pulse.domain.s3.layout import results_prefix, s3_uri
from pulse.domain.text.redaction import redacted


class Deployment(Struct, frozen=True, kw_only=True):
    """Where a person looks further. `spot_queues`: the queues that try Spot capacity first."""

    console: Console
    data_bucket: str
    spot_queues: frozenset[str] = frozenset()


def headline(record: JobRecord, outcome: str) -> str:
    """The outcome stays whole, however long the name of the data set is."""
    of, name = _subject(record)
    return f"{of} {redacted(name, HEADLINE_CHARACTERS - len(outcome) - len(f'{of}  '))} {outcome}"


def command(label: str, verb: str, job_id: str) -> Command:
    """`pulse VERB ID`."""
    return Command(label, f"pulse {verb} {shlex.quote(printable(job_id))}")


def results_uri(record: JobRecord) -> str:
    """The folder of the results; empty where nothing says in which bucket they are."""
    return s3_uri(record.results_bucket, results_prefix(record.results_id)) if record.results_bucket else ""


def job_links(record: JobRecord, deployment: Deployment, *, report: bool = False) -> tuple[Link, ...]:
    """Links to the log and the job in AWS's console, once they exist, and to the results of a successful job,
    with `report` also to its report.
    """
    links = []
    if record.status == "SUCCEEDED" and record.results_bucket:
        bucket, console = record.results_bucket, deployment.console
        links.append(Link("Results", console.s3_prefix(bucket, results_prefix(record.results_id))))
        if report and record.report_file:
            key = results_prefix(record.results_id) + record.report_file
            links.append(Link("Report", console.s3_object(bucket, key)))
    if record.log_group and record.log_stream:
        links.append(Link("Log", deployment.console.log_stream(record.log_group, record.log_stream)))
    if record.batch_job_id:
        links.append(Link("Job", deployment.console.job(record.batch_job_id)))
    return tuple(links)


def _subject(record: JobRecord) -> tuple[str, str]:
    """What a job is, and its name. What others submit may be anything."""
    if record.foreign:
        return "Job", record.job_name
    if record.training:
        return "Training", record.training + (f" on {record.dataset}" if record.dataset else "")
    return "Retrodiction of", record.dataset or "all data sets"
