"""A month's costs for people."""

from decimal import Decimal
from typing import Any

from rich.table import Table
from rich.text import Text

from pulse.cli import output
from pulse.domain.fault import printable
from pulse.domain.text.dollars import usd

BAR_CHARACTERS = 20
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_NEAR_PERCENT, _FULL_PERCENT = 80, 100


def show(costs: dict[str, Any]) -> None:
    """`costs` as GET /costs answers it."""
    spent = Decimal(costs["spent_usd"])
    groups = [*costs["groups"], *([costs["others"]] if costs.get("others") else [])]
    if groups:
        output.show(output.data, _table(groups, str(costs["by"]), spent))
    else:
        output.messages.print(
            f"No job that was asked for in {printable(costs['month'])} has cost anything yet."
        )
    output.data.print(_sum(costs, spent))
    if reserved := Decimal(costs["reserved_usd"]):
        output.data.print(Text(f"Unfinished jobs may cost up to {usd(reserved)} more.", "dim"))


def _table(groups: list[dict[str, Any]], by: str, spent: Decimal) -> Table:
    table = output.empty_table((printable(by), "jobs", "cost", ""), {"jobs", "cost", ""})
    for column in table.columns[1:3]:
        column.justify = "right"
    for group in groups:
        name = printable(str(group["name"]))
        table.add_row(
            Text(name) if name else Text("none", "dim"),
            f"{group['jobs']:,}",
            usd(group["usd"]),
            Text(bar(Decimal(group["usd"]) / spent if spent else Decimal(0)), "cyan"),
        )
    return table


def bar(part: Decimal) -> str:
    """`part` of 1 as a bar in eighths of a character."""
    full, rest = divmod(round(part * BAR_CHARACTERS * 8), 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def _sum(costs: dict[str, Any], spent: Decimal) -> Text:
    jobs = f"{costs['jobs']:,} job{'' if costs['jobs'] == 1 else 's'}"
    text = f"{costs['month']}: {usd(spent)} for {jobs}"
    if costs.get("budget_usd") is None:
        return Text(f"{text}, no budget", "bold")
    percent = costs["percent"]
    style = "bold red" if percent >= _FULL_PERCENT else "bold yellow" if percent >= _NEAR_PERCENT else "bold"
    return Text(f"{text}, {percent} % of the budget of {usd(costs['budget_usd'])}", style)
