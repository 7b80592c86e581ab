"""`pulse list`: jobs, the newest first."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from rich.table import Table
from rich.text import Text

from pulse.cli import answers, output, sending, submission_view
from pulse.cli.connection import Connection, Deployment
from pulse.cli.option_groups import spread
from pulse.cli.output_options import Json
from pulse.domain import duration
from pulse.domain.fault import printable
from pulse.domain.job_page import DEFAULT_JOBS, MAX_JOBS, STATUSES

COLUMNS = ("job", "status", "asked for, UTC", "ran", "cost, $", "profile", "data set")


@spread
def list_jobs(  # noqa: PLR0913 - one parameter an option
    *,
    status: Annotated[
        str | None, typer.Option(metavar="STATE", help=f"One of {', '.join(STATUSES)}.")
    ] = None,
    day: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Asked for on this day, UTC.")] = None,
    dataset: Annotated[str | None, typer.Option(metavar="KEY", help="On this data set.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="Of this profile.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_JOBS, help="How many at most.")] = DEFAULT_JOBS,
    json: Json = False,
    where: Connection,
) -> None:
    """List jobs, the newest first: by one filter, or without any those of the last 31 days."""
    filters = {"status": status, "day": day, "dataset": dataset, "profile": profile}
    query = {name: value for name, value in filters.items() if value is not None} | {"limit": str(limit)}
    with output.errors_told():
        # %20, because a signature is made over the query as it is sent, and AWS reads a + as itself there.
        path = f"/jobs?{urlencode(query, quote_via=quote, safe='')}"
        answer = sending.call(Deployment(where).api, "GET", path)
        page = answers.content(answer, as_json=json)
    if json:
        output.as_json(page)
        return
    jobs = page.get("jobs") or []
    if jobs:
        output.data.print(_table(jobs), soft_wrap=False)
    else:
        output.messages.print("No jobs.")
    if page.get("next"):
        output.messages.print(f"There are more: a filter or --limit, up to {MAX_JOBS}, shows others.")


def _table(jobs: list[dict[str, Any]]) -> Table:
    table = Table(show_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for job in jobs:
        state = str(job.get("status", ""))
        cells = [printable(str(cell)) for cell in _cells(job)]
        table.add_row(
            *cells[:1], Text(printable(state), submission_view.STYLES.get(state, "")), *map(Text, cells[1:])
        )
    return table


def _cells(job: dict[str, Any]) -> list[str]:
    """All but the status."""
    return [
        str(job.get("job_id", "")),
        f"{datetime.fromisoformat(job['created_at']):%Y-%m-%d %H:%M:%S}",
        duration.in_words(job.get("ran_seconds")),
        str(job.get("cost_usd") or ""),
        str(job.get("profile") or ""),
        str(job.get("dataset") or ""),
    ]
