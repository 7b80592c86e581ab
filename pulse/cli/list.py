"""`pulse list`: jobs, the newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pulse.cli import answers, output, sending, submission_view
from pulse.cli.connection import Connection, Deployment
from pulse.cli.option_groups import spread
from pulse.cli.output_options import Json
from pulse.domain import duration
from pulse.domain.dollars import usd
from pulse.domain.fault import printable
from pulse.domain.job_page import DEFAULT_JOBS, MAX_JOBS, STATUSES

COLUMNS = ("job", "status", "asked for, UTC", "ran", "cost", "profile", "data set")
NARROW = COLUMNS[:-2]
WHOLE = {"job", "asked for, UTC", "ran", "cost"}
STATUS = COLUMNS.index("status")
LEAST_CHARACTERS = len("SUCCEEDED")
ALL_COLUMNS_CHARACTERS = 100
"""A narrower terminal has room for NARROW only."""


@spread
def list_jobs(  # noqa: PLR0913 - one parameter an option
    *,
    status: Annotated[
        str | None, typer.Option(metavar="STATE", help=f"One of {', '.join(STATUSES)}.")
    ] = None,
    day: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Asked for on this day, UTC.")] = None,
    dataset: Annotated[str | None, typer.Option(metavar="KEY", help="On this data set.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="Of this profile.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="KEY=VALUE", help="Asked for with this tag.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_JOBS, help="How many at most.")] = DEFAULT_JOBS,
    json: Json = False,
    where: Connection,
) -> None:
    """List jobs, the newest first: by one filter, or without any those of the last 31 days."""
    filters = {"status": status, "day": day, "dataset": dataset, "profile": profile, "tag": tag}
    query = {name: value for name, value in filters.items() if value is not None} | {"limit": str(limit)}
    with output.errors_told():
        answer = sending.call(Deployment(where).api, "GET", sending.path("/jobs", query))
        page = answers.content(answer, as_json=json)
    if json:
        output.as_json(page)
        return
    jobs = page.get("jobs") or []
    if jobs:
        narrow = output.data.is_terminal and output.data.width < ALL_COLUMNS_CHARACTERS
        output.show(output.data, _table(jobs, NARROW if narrow else COLUMNS))
    else:
        output.messages.print("No jobs.")
    if page.get("next"):
        output.messages.print(f"There are more: a filter or --limit, up to {MAX_JOBS}, shows others.")


def _table(jobs: list[dict[str, Any]], columns: Sequence[str]) -> Table:
    table = output.empty_table(columns, WHOLE)
    table.columns[STATUS].min_width = LEAST_CHARACTERS
    for job in jobs:
        row = [Text(printable(cell)) for cell in _cells(job)]
        row[STATUS].stylize(submission_view.STYLES.get(str(job.get("status")), ""))
        table.add_row(*row[: len(columns)])
    return table


def _cells(job: dict[str, Any]) -> list[str]:
    state = str(job.get("status", ""))
    return [
        str(job.get("job_id", "")),
        f"{state}, blocked" if job.get("blocked_reason") else state,
        f"{datetime.fromisoformat(job['created_at']):%Y-%m-%d %H:%M}",
        duration.in_words(job.get("ran_seconds")),
        usd(job["cost_usd"]) if job.get("cost_usd") else "",
        str(job.get("profile") or ""),
        str(job.get("dataset") or ""),
    ]
