"""`pulse open`: a run's report in the browser."""

import webbrowser
from typing import Annotated

import typer

from pulse.cli import output
from pulse.cli.client import results
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.job_argument import JobId
from pulse.domain.errors import Misconfigured


@with_option_groups
def open_report(
    job_id: JobId,
    *,
    only_print: Annotated[
        bool, typer.Option("--print", help="Only print its address, for another browser.")
    ] = False,
    where: Connection,
) -> None:
    """Open the report of a run in the browser.

    Its address is signed with your own credentials and shows the report to whoever has it, for an hour.
    """
    with output.report_errors():
        found = results.find(Deployment(where), job_id)
        report = found.report
        if report is None:
            raise Misconfigured(f"{found.job['job_id']} wrote no report. Its files: pulse results {job_id}")
        address = found.store.link(report.key)
    output.data.print(address, markup=False)
    if not only_print and not webbrowser.open(address):
        output.messages.print("No browser can be opened here: open the address above in one.")
