"""`pulse logs`: what a job's training logged."""

from typing import Annotated

import typer

from pulse.cli import output
from pulse.cli.client import follow
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.exit_codes import ExitCode
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.job_argument import JobId
from pulse.cli.options.output import AsJson


@with_option_groups
def logs(
    job_id: JobId,
    *,
    following: Annotated[
        bool, typer.Option("--follow", help="Go on until the job ends, and wait for one that has no log yet.")
    ] = False,
    child: Annotated[
        int | None,
        typer.Option(
            metavar="INDEX", min=0, help="The log of one child of an array, once the child has ended."
        ),
    ] = None,
    json: AsJson = False,
    where: Connection,
) -> None:
    """Print what a job logged, without secrets: all attempts, the oldest line first.

    With --json an object a line.
    """
    show = follow.print_line_as_json if json else follow.print_line
    try:
        with output.report_errors():
            api = Deployment(where).api
            if following:
                follow.until_ended(api, job_id, on_line=show, child=child)
                return
            for line in follow.LogReader(api, job_id, child).unread(must_exist=True):
                show(line)
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None
