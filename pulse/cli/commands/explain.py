"""`pulse explain`: why a job waits, runs or failed, and what helps."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from msgspec import to_builtins

from pulse.aws.client.signed_api import SignedApi
from pulse.cli import output
from pulse.cli.client import answers, calls, monitor
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.job_argument import JobId
from pulse.cli.options.output import AsJson
from pulse.cli.views import explanation, submission
from pulse.cli.views.explanation import Explanation


@with_option_groups
def explain(job_id: JobId, *, json: AsJson = False, where: Connection) -> None:
    """Show why a job waits, runs or failed, and what helps."""
    with output.report_errors():
        api = Deployment(where).api
        job = answers.content(calls.call(api, "GET", f"/jobs/{job_id}"), as_json=json)
        found = explanation.of(
            job,
            queue=_queue(api, str(job.get("queue", ""))) if job.get("status") in explanation.QUEUED else None,
            others={
                other: _status(api, other)
                for other in explanation.awaited(job)
                if job.get("status") != "SUCCEEDED"
            },
            deciding=monitor.deciding(api, job),
            now=datetime.now(UTC),
        )
    if json:
        output.as_json(to_builtins(found))
    else:
        _print(found)


def _queue(api: SignedApi, name: str) -> dict[str, Any] | None:
    """None when it is no longer one of ours."""
    answer = calls.call(api, "GET", calls.path("/queue", {"queue": name}))
    if answer.status_code == HTTPStatus.BAD_REQUEST:
        return None
    queue: dict[str, Any] = answers.content(answer, as_json=False)["queues"][0]
    return queue


def _status(api: SignedApi, job_id: str) -> str:
    """Empty when the ledger does not know the job."""
    answer = calls.call(api, "GET", f"/jobs/{job_id}")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return ""
    return str(answers.content(answer, as_json=False).get("status", ""))


def _print(found: Explanation) -> None:
    style = submission.STYLES.get(found.status, "bold")
    output.facts(f"{found.job_id} {found.status}", [], style)
    output.paragraphs(found.why)
    if found.helps:
        output.facts("What helps", [])
        output.paragraphs(found.helps)
    if found.log_lines:
        output.facts("The end of its log", [])
        output.paragraphs(found.log_lines, style="dim")
