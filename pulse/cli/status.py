"""`pulse status`: a job's story, as the ledger knows it."""

import typer

from pulse.cli import answers, monitor, output, sending, story_view
from pulse.cli.connection import Connection, Deployment
from pulse.cli.job_argument import JobId
from pulse.cli.option_groups import spread
from pulse.cli.output_options import Json


@spread
def status(job_id: JobId, *, json: Json = False, where: Connection) -> None:
    """Tell the story of a job: its changes, attempts, cost, and why it failed. Exit code 5 when it failed."""
    with output.errors_told():
        answer = sending.call(Deployment(where).api, "GET", f"/jobs/{job_id}")
        job = answers.content(answer, as_json=json)
        if json:
            output.as_json(job)
        else:
            story_view.told(job)
        raise typer.Exit(monitor.exit_code(job))
