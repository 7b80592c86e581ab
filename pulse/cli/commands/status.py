"""`pulse status`: a job's story, as the ledger knows it."""

import typer

from pulse.cli import output
from pulse.cli.client import answers, calls, monitor
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.job_argument import JobId
from pulse.cli.options.output import AsJson
from pulse.cli.views import job as story_view


@with_option_groups
def status(job_id: JobId, *, json: AsJson = False, where: Connection) -> None:
    """Show a job: its state changes, attempts, cost, and why it failed. Exit code 5 when it failed.

    An array counts as failed, too, when the job that merges its results failed.
    """
    with output.report_errors():
        api = Deployment(where).api
        job = answers.content(calls.call(api, "GET", f"/jobs/{job_id}"), as_json=json)
        deciding = monitor.deciding(api, job)
        if json:
            output.as_json(job)
        else:
            story_view.show(job, deciding)
        raise typer.Exit(monitor.exit_code(deciding))
