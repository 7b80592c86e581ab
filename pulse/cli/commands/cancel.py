"""`pulse cancel`: end a job, whatever state it is in."""

from typing import Annotated

import typer

from pulse.cli import output
from pulse.cli.client import answers, calls
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.job_argument import JobId
from pulse.cli.options.output import AsJson


@with_option_groups
def cancel(
    job_id: JobId,
    *,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Stored with the job and shown in its alert.")
    ] = None,
    json: AsJson = False,
    where: Connection,
) -> None:
    """End a job. Exit code 4 when it has ended already."""
    with output.report_errors():
        api = Deployment(where).api
        body = {"reason": reason} if reason else {}
        answer = calls.call(api, "POST", f"/jobs/{job_id}/cancel", body=body)
        cancelled = answers.content(answer, as_json=json)
        if json:
            output.as_json(cancelled)
        else:
            facts = [(name, str(cancelled.get(name) or "")) for name in ("status", "reason")]
            output.facts(f"Cancelling {job_id}", [*facts, ("next", f"pulse status {job_id}")])
