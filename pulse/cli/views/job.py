"""A job's whole story for people."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from pulse.cli import output
from pulse.cli.client.follow import moment
from pulse.cli.views import submission
from pulse.cli.views.queue import spread_of
from pulse.domain.text import duration
from pulse.domain.text.dollars import usd


def show(job: dict[str, Any], deciding: dict[str, Any]) -> None:
    """`job` as GET /jobs/{id} answers it, and the job that decides how it ends, which is mostly itself. What
    is not known is left out.
    """
    status = str(job.get("status", ""))
    output.facts(
        submission.title(job, deciding),
        [
            *submission.read_first(deciding),
            ("result", submission.result(deciding)),
            *(submission.why(job) if status != "SUCCEEDED" else []),
            *_blocked(job),
            ("again as", str(job.get("rerun") or "")),
            ("again of", str(job.get("rerun_of") or "")),
            ("submitted by", "another client" if job.get("foreign") else ""),
            ("asked by", str(job.get("asked_by") or "")),
            ("cancelled by", str(job.get("cancelled_by") or "")),
            ("AWS Batch job", str(job.get("batch_job_id") or "")),
            ("name", str(job.get("job_name") or "")),
            *submission.request_facts(job),
            ("children", _children(job)),
            *zip(("failed", "log of the first"), submission.failed_children(job), strict=True),
            ("tags", ", ".join(f"{key}={value}" for key, value in (job.get("tags") or {}).items())),
            ("waited", _beside(duration.in_words(job.get("waited_seconds")), job, "waited")),
            ("ran", _beside(duration.in_words(job.get("ran_seconds")), job, "ran")),
            ("overdue at", moment(job["due_at"]) if job.get("due_at") and status == "RUNNING" else ""),
            ("cost", _cost(job)),
            ("then", _then(job, deciding)),
            ("results", str(job.get("results") or "") if deciding.get("status") == "SUCCEEDED" else ""),
            ("log", submission.log(job)),
            *((f"{name} in the console", str(url)) for name, url in (job.get("links") or {}).items()),
        ],
        submission.STYLES.get(status, "bold"),
    )
    if changes := job.get("changes"):
        output.table(output.data, ("when, UTC", "state", "after"), _changes(changes))
    if attempts := job.get("attempts_log"):
        output.table(output.data, ("attempt", "exit code", "ran", "reason"), _attempts(attempts))
    if deciding is not job and deciding.get("status") == "FAILED":
        submission.ended(deciding)


def _then(job: dict[str, Any], deciding: dict[str, Any]) -> str:
    follower = str(job.get("follower") or "")
    return follower if deciding is job else f"{follower} {deciding.get('status', '')}"


def _blocked(job: dict[str, Any]) -> output.Facts:
    found = job.get("blocked") or {}
    return [
        ("blocked by", str(found.get("cause") or "").replace("-", " ")),
        ("why", str(found.get("explanation") or "")),
        ("what helps", str(found.get("advice") or "")),
    ]


def _beside(text: str, job: dict[str, Any], what: str) -> str:
    """A duration, and what is usual: `5 min; usually 4 min; 95 of 100 jobs at most 9 min (12 runs)`."""
    usual = job.get("usual")
    return f"{text}; usually {spread_of(usual, what)}" if text and usual else text


def _cost(job: dict[str, Any]) -> str:
    cost = usd(job["cost_usd"]) if job.get("cost_usd") else ""
    quoted = f"quoted {usd(job['quoted_usd'])}" if job.get("quoted_usd") else ""
    return ", ".join(filter(None, [cost, quoted]))


def _children(job: dict[str, Any]) -> str:
    counts = job.get("children") or {}
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def _changes(changes: list[dict[str, Any]]) -> list[list[str]]:
    """Each with how long the state before it lasted."""
    moments = [datetime.fromisoformat(change["at"]) for change in changes]
    lasted = [max(0.0, (after - before).total_seconds()) for before, after in pairwise(moments)]
    since = ["", *(duration.in_words(seconds) for seconds in lasted)]
    return [
        [moment(change["at"]), str(change["status"]), after]
        for change, after in zip(changes, since, strict=True)
    ]


def _attempts(attempts: list[dict[str, Any]]) -> list[list[str]]:
    return [
        [
            str(number),
            str(attempt.get("exit_code", "none")),
            duration.in_words(attempt.get("ran_seconds")),
            str(attempt.get("reason", "")),
        ]
        for number, attempt in enumerate(attempts, 1)
    ]
