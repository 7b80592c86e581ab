"""Waiting for a job's end through the API, for those who want to wait; nothing else polls."""

import time
from datetime import UTC, datetime
from typing import Any

from rich.markup import escape

from pulse.aws.signed_api import SignedApi
from pulse.cli import answers, output, sending
from pulse.cli.exit_codes import ExitCode
from pulse.domain.fault import printable
from pulse.domain.job_status import TERMINAL

STYLES = {"SUCCEEDED": "bold green", "FAILED": "bold red", "RUNNING": "cyan"}
MOMENTS = {
    "SUBMITTED": "created_at",
    "RUNNING": "started_at",
    "SUCCEEDED": "stopped_at",
    "FAILED": "stopped_at",
}
"""What the ledger knows the time of; the others are given the time at which they are seen."""


def until_ended(api: SignedApi, job_id: str, *, poll_interval_seconds: float) -> dict[str, Any]:
    """The job at its end. Each state is told once, on stderr. Exits with NOT_FOUND when there is none."""
    seen = ""
    with output.messages.status(f"Waiting for {escape(job_id)}"):
        while True:
            job = get(api, job_id)
            status = str(job.get("status"))
            if status != seen:
                _tell(job, status)
                seen = status
            if status in TERMINAL:
                return job
            time.sleep(poll_interval_seconds)


def get(api: SignedApi, job_id: str) -> dict[str, Any]:
    """The job as the ledger knows it. Exits with NOT_FOUND, REFUSED or FAILED when the API does not tell."""
    return answers.content(sending.call(api, "GET", f"/jobs/{job_id}"), as_json=False)


def exit_code(job: dict[str, Any]) -> ExitCode:
    return ExitCode.JOB_FAILED if job.get("status") == "FAILED" else ExitCode.DONE


def _tell(job: dict[str, Any], status: str) -> None:
    known = job.get(MOMENTS.get(status, ""))
    at = datetime.fromisoformat(known) if known else datetime.now(UTC)
    style = STYLES.get(status, "default")
    shown = f"{at:%Y-%m-%dT%H:%M:%SZ}  [{style}]{escape(printable(status)):<9}[/]"
    output.messages.print(f"{shown}  {escape(str(job.get('job_id')))}")
