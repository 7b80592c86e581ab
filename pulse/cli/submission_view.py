"""A job for people: when it was submitted, and as the ledger knows it."""

from typing import Any

from msgspec import convert

from pulse.cli import output
from pulse.domain import duration
from pulse.domain.array_children import Failures

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
            *asked(request),
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
        f"{job.get('job_id', '')} {status}",
        [
            *([] if status == "SUCCEEDED" else why(job)),
            *zip(("failed", "log of the first"), failed_children(job), strict=True),
            ("again as", str(job.get("rerun") or "")),
            ("again of", str(job.get("rerun_of") or "")),
            ("AWS Batch job", str(job.get("batch_job_id") or "")),
            ("name", str(job.get("job_name") or "")),
            *asked(job),
            ("ran", duration.in_words(job.get("ran_seconds"))),
            ("results", str(job.get("results") or "") if status == "SUCCEEDED" else ""),
            ("log", log(job)),
        ],
        STYLES.get(status, "bold"),
    )


def why(job: dict[str, Any]) -> output.Facts:
    """Why it failed and what helps; without a diagnosis, AWS Batch's own words."""
    exit_code, found = job.get("exit_code"), job.get("diagnosis") or {}
    said = job.get("reason") or job.get("status_reason")
    return [
        ("cause", str(found.get("cause") or "").replace("-", " ")),
        ("why", str(found.get("explanation") or said or "")),
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


def asked(job: dict[str, Any]) -> output.Facts:
    """A request, or what the ledger says of one: what is not said, the deployment decided."""
    size = [f"{job[name]} {unit}" for name, unit in UNITS.items() if job.get(name)]
    version = f" version {job['dataset_version_id']}" if job.get("dataset_version_id") else ""
    return [
        ("data set", f"{job['dataset']}{version}" if job.get("dataset") else ""),
        ("variables", ", ".join(str(name) for name in job.get("variables") or ())),
        ("resources", ", ".join(size)),
        ("profile", str(job.get("profile") or "")),
        ("queue", str(job.get("queue") or "")),
    ]
