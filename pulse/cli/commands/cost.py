"""`pulse cost`: what a month's jobs cost, or what an hour costs."""

from pathlib import Path
from typing import Annotated

import typer

from pulse.cli import output
from pulse.cli.client import answers, calls
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.commands import prices
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.output import AsJson
from pulse.cli.views import cost as cost_view
from pulse.domain.cost.months import DEFAULT_BY

PANEL = "What an hour costs"


@with_option_groups
def cost(  # noqa: PLR0913 - one parameter an option
    *,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Jobs asked for in it, UTC; without: this month.")
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="WHAT", help="profile, share, dataset, queue, or tag:KEY.")
    ] = DEFAULT_BY,
    hourly: Annotated[
        bool,
        typer.Option("--prices", help="Print the hourly prices that quotes use.", rich_help_panel=PANEL),
    ] = False,
    refresh_prices: Annotated[
        bool,
        typer.Option(
            "--refresh-prices",
            help="Ask the AWS Price List API and write the file anew.",
            rich_help_panel=PANEL,
        ),
    ] = False,
    region: Annotated[
        str, typer.Option(help="AWS region; without: that of the file.", rich_help_panel=PANEL)
    ] = "",
    instance_type: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TYPE",
            help="Add the price of an EC2 instance type, or of all of a family; repeatable.",
            rich_help_panel=PANEL,
        ),
    ] = None,
    file: Annotated[Path, typer.Option(help="The file of the prices.", rich_help_panel=PANEL)] = Path(
        "config/prices.yaml"
    ),
    json: AsJson = False,
    where: Connection,
) -> None:
    """Print what a month's jobs cost, by profile, share, data set, queue or tag, and the rest of the budget.

    With --prices the hourly prices of AWS Fargate and EC2, with --refresh-prices those of today.
    """
    for option, given in {"--region": region, "--instance-type": instance_type}.items():
        if given and not refresh_prices:
            raise typer.BadParameter("goes with --refresh-prices", param_hint=option)
    if hourly or refresh_prices:
        prices.show(
            file,
            region=region,
            instance_types=instance_type or (),
            refresh=refresh_prices,
            as_json=json,
        )
        return
    query = {"by": by} | ({"month": month} if month is not None else {})
    with output.report_errors():
        answer = calls.call(Deployment(where).api, "GET", calls.path("/costs", query))
        costs = answers.content(answer, as_json=json)
    if json:
        output.as_json(costs)
    else:
        cost_view.show(costs)
