"""`pulse watch`: a job until its end, live."""

from typing import Annotated

import typer

from pulse.cli import output
from pulse.cli.client import follow, monitor
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.exit_codes import ExitCode
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.job_argument import JobId
from pulse.cli.views import job as story_view


@with_option_groups
def watch(
    job_id: JobId,
    *,
    log: Annotated[bool, typer.Option("--log/--no-log", help="Also print its log, on stdout.")] = True,
    where: Connection,
) -> None:
    """Print each state of a job and each line of its log as it comes. Exit code 5 when the job failed.

    After a successful array it goes on with the job that merges its results.
    """
    try:
        with output.report_errors():
            job, deciding = follow.until_decided(
                Deployment(where).api,
                job_id,
                on_change=follow.print_change,
                on_line=follow.print_line if log else None,
            )
    except KeyboardInterrupt:
        message = f"No longer watching; the job goes on. See: pulse status {job_id}"
        raise output.failed(message, ExitCode.INTERRUPTED) from None
    story_view.show(job, deciding)
    raise typer.Exit(monitor.exit_code(deciding))
