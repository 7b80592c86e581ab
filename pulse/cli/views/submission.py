"""A job for people: when it was submitted, and as the ledger knows it."""

from typing import Any

from msgspec import convert

from pulse.cli import output
from pulse.domain.diagnosis.children import Failures
from pulse.domain.text import duration
from pulse.domain.training import warnings as run_warnings
from pulse.domain.training.headline import HeadlineMetric, in_words
from pulse.domain.training.parameters import text_of

UNITS = {"vcpus": "vCPU", "memory_mib": "MiB", "gpus": "GPU", "shards": "shards"}
STYLES = {"SUCCEEDED": "bold green", "FAILED": "bold red"}


def submitted(job: dict[str, Any], request: dict[str, Any]) -> None:
    """`job` as POST /jobs answers it, `request` as it was sent."""
    job_id = str(job.get("job_id", ""))
    follower = job.get("follower") or {}
    output.facts(
        f"Submitted {job_id}",
        [
            ("again of", str(job.get("rerun_of") or "")),
            ("AWS Batch job", str(job.get("batch_job_id", ""))),
            ("name", str(job.get("job_name", ""))),
            *request_facts(request),
            ("then", str(follower.get("job_id", ""))),
            ("results", str(job.get("results", ""))),
            ("next", f"pulse status {job_id}"),
        ],
        "bold green",
    )


def ended(job: dict[str, Any]) -> None:
    """`job` as GET /jobs/{id} answers it."""
    status = str(job.get("status", ""))
    output.facts(
        title(job, job),
        [
            *read_first(job),
            ("result", result(job)),
            *([] if status == "SUCCEEDED" else why(job)),
            *zip(("failed", "log of the first"), failed_children(job), strict=True),
            ("again as", str(job.get("rerun") or "")),
            ("again of", str(job.get("rerun_of") or "")),
            ("AWS Batch job", str(job.get("batch_job_id") or "")),
            ("name", str(job.get("job_name") or "")),
            *request_facts(job),
            ("ran", duration.in_words(job.get("ran_seconds"))),
            ("results", str(job.get("results") or "") if status == "SUCCEEDED" else ""),
            ("log", log(job)),
        ],
        STYLES.get(status, "bold"),
    )


def title(job: dict[str, Any], deciding: dict[str, Any]) -> str:
    """The job's id and state, and how many warnings the job has that decides how it ends."""
    counted = run_warnings.counted(int(deciding.get("warnings_count") or 0))
    return ", ".join(filter(None, [f"{job.get('job_id', '')} {job.get('status', '')}", counted]))


def warnings(job: dict[str, Any]) -> list[str]:
    """What its run says that a person must read first, and how many more sentences there are."""
    sentences = tuple(str(sentence) for sentence in job.get("warnings") or ())
    return run_warnings.listed(sentences, int(job.get("warnings_count") or 0))


def read_first(job: dict[str, Any]) -> output.Facts:
    """Its warnings, a line each, the first under their name."""
    name = run_warnings.HEADING.lower()
    return [("" if index else name, sentence) for index, sentence in enumerate(warnings(job))]


def result(job: dict[str, Any]) -> str:
    """What its run found, in few numbers, with the change since the run that it is compared to."""
    return in_words(convert(job.get("headline") or (), tuple[HeadlineMetric, ...]))


def why(job: dict[str, Any]) -> output.Facts:
    """Why it failed and what helps; without a diagnosis, AWS Batch's own words."""
    exit_code, found = job.get("exit_code"), job.get("diagnosis") or {}
    reason = job.get("reason") or job.get("status_reason")
    return [
        ("cause", str(found.get("cause") or "").replace("-", " ")),
        ("why", str(found.get("explanation") or reason or "")),
        ("what helps", str(found.get("advice") or "") if not job.get("rerun") else ""),
        ("exit code", "" if exit_code is None else str(exit_code)),
    ]


def log(job: dict[str, Any]) -> str:
    """Its group and stream; empty without a stream, as of an array."""
    return f"{job.get('log_group') or ''} {job['log_stream']}".strip() if job.get("log_stream") else ""


def failed_children(job: dict[str, Any]) -> tuple[str, str]:
    """Which children of an array failed, and the command that tells the first one's log; empty where that is
    not known.
    """
    if not job.get("failures"):
        return "", ""
    found = convert(job["failures"], Failures)
    return str(found), f"pulse logs {job['job_id']} --child {found.indexes[0]}" if found.indexes else ""


def request_facts(job: dict[str, Any]) -> output.Facts:
    """A request, or what the ledger says of one: what is not said, the deployment decided."""
    size = [f"{job[name]} {unit}" for name, unit in UNITS.items() if job.get(name)]
    version = f" version {job['dataset_version_id']}" if job.get("dataset_version_id") else ""
    given = ", ".join(f"{name} {text_of(value)}" for name, value in (job.get("parameters") or {}).items())
    return [
        ("training", str(job.get("training") or "")),
        ("parameters", given),
        ("data set", f"{job['dataset']}{version}" if job.get("dataset") else ""),
        ("variables", ", ".join(str(name) for name in job.get("variables") or ())),
        ("resources", ", ".join(size)),
        ("profile", str(job.get("profile") or "")),
        ("queue", str(job.get("queue") or "")),
    ]
