"""`pulse list`: jobs, the newest first."""

from datetime import datetime
from typing import Annotated

import typer
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from pulse.aws.client.signed_api import SignedApi
from pulse.cli import output
from pulse.cli.client import answers, calls
from pulse.cli.client.answers import Json
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.output import AsJson
from pulse.cli.views import submission
from pulse.domain.fault import printable
from pulse.domain.text import duration
from pulse.domain.text.dollars import usd
from pulse.domain.views.pages import DEFAULT_JOBS, MAX_JOBS, STATUSES

COLUMNS = ("job", "status", "asked for, UTC", "result", "ran", "cost", "profile", "data set")
LEAST_CHARACTERS = {"status": len("SUCCEEDED,"), "profile": len("profile"), "data set": 14}
"""These are folded where the terminal is narrow, the others stay whole."""
FIRST_TO_GO = ("data set", "profile", "ran", "cost", "result")
"""In a terminal that has no room for all."""
BETWEEN_CHARACTERS = 2


@with_option_groups
def list_jobs(  # noqa: PLR0913 - one parameter an option
    *,
    status: Annotated[
        str | None, typer.Option(metavar="STATE", help=f"One of {', '.join(STATUSES)}.")
    ] = None,
    day: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Asked for on this day, UTC.")] = None,
    dataset: Annotated[str | None, typer.Option(metavar="KEY", help="On this data set.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="With this profile.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="KEY=VALUE", help="Asked for with this tag.")] = None,
    by: Annotated[
        str | None, typer.Option(metavar="ARN", help="Asked for by this user, role or session; or `me`.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = DEFAULT_JOBS,
    json: AsJson = False,
    where: Connection,
) -> None:
    """List jobs, newest first, by one filter; without one, those of the last 31 days."""
    filters = {
        "status": status,
        "day": day,
        "dataset": dataset,
        "profile": profile,
        "tag": tag,
        "by": by,
    }
    query = {name: value for name, value in filters.items() if value is not None}
    with output.report_errors():
        page = _page(Deployment(where).api, query, limit, as_json=json)
    if json:
        output.as_json(page)
        return
    if jobs := page["jobs"]:
        table, hidden = _table(jobs)
        output.show(output.data, table)
        if hidden:
            output.messages.print(
                f"No room for {', '.join(hidden)}: a wider terminal or pulse status JOB_ID shows them.",
                style="dim",
            )
    else:
        output.messages.print("No jobs.")
    if page["next"]:
        output.messages.print("There are more: a filter or a higher --limit shows others.")


def _page(api: SignedApi, query: dict[str, str], limit: int, *, as_json: bool) -> Json:
    """The first `limit` jobs as one page, of as many of the API's as it takes."""
    jobs: list[Json] = []
    following: dict[str, str] = {}
    while True:
        wanted = query | {"limit": str(min(limit - len(jobs), MAX_JOBS))} | following
        answer = calls.call(api, "GET", calls.path("/jobs", wanted))
        page = answers.content(answer, as_json=as_json)
        jobs += page["jobs"]
        if not page["next"] or len(jobs) >= limit:
            return {"jobs": jobs, "next": page["next"]}
        following = {"next": page["next"]}


def _table(jobs: list[Json]) -> tuple[Table, list[str]]:
    """The jobs, and the columns that the terminal has no room for."""
    rows = [dict(zip(COLUMNS, map(printable, _cells(job)), strict=True)) for job in jobs]
    columns = _fitting(rows) if output.data.is_terminal else COLUMNS
    table = output.empty_table(columns, set(COLUMNS) - LEAST_CHARACTERS.keys())
    for column in table.columns:
        column.min_width = LEAST_CHARACTERS.get(str(column.header))
    for job, row in zip(jobs, rows, strict=True):
        style = {"status": submission.STYLES.get(str(job.get("status")), "")}
        table.add_row(*(Text(row[column], style.get(column, "")) for column in columns))
    return table, [name for name in COLUMNS if name not in columns and any(row[name] for row in rows)]


def _fitting(rows: list[dict[str, str]]) -> list[str]:
    """The columns that the terminal has room for; the first to go are those without a word."""
    needed = {
        column: LEAST_CHARACTERS.get(column) or max(map(cell_len, [column, *(row[column] for row in rows)]))
        for column in COLUMNS
    }
    for column in sorted(FIRST_TO_GO, key=lambda column: any(row[column] for row in rows)):
        if sum(needed.values()) + BETWEEN_CHARACTERS * (len(needed) - 1) <= output.data.width:
            break
        del needed[column]
    return list(needed)


def _cells(job: Json) -> list[str]:
    marks = {"blocked": job.get("blocked_reason"), "foreign": job.get("foreign")}
    return [
        str(job.get("job_id", "")),
        ", ".join([str(job.get("status", "")), *(mark for mark, so in marks.items() if so)]),
        f"{datetime.fromisoformat(job['created_at']):%Y-%m-%d %H:%M}",
        submission.result(job),
        duration.in_words(job.get("ran_seconds")),
        usd(job["cost_usd"]) if job.get("cost_usd") else "",
        str(job.get("profile") or ""),
        str(job.get("dataset") or ""),
    ]
