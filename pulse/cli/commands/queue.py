"""`pulse queue`: what waits and runs, and the way back for what could not be handled."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pulse.aws.client.dead_letters import DeadLetters
from pulse.cli import output
from pulse.cli.client import answers, calls
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.output import AsJson
from pulse.cli.views import queue as queue_view
from pulse.domain.errors import Misconfigured

DEAD_LETTERS = {
    "DropsDeadLetters": "dropped objects",
    "EventsDeadLetters": "job events",
    "AlertsDeadLetters": "alerts",
}
"""The outputs of the stack that hold a dead-letter queue's ARN; alerts have one where Slack is configured."""

COLUMNS = ("holds", "messages", "outcome", "queue")
DEFAULT = "show"


class ShowsByDefault(TyperGroup):
    """`pulse queue NAME` is `pulse queue show NAME`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = next(iter(args), "")
        given = first in self.commands or first in ctx.help_option_names
        return super().parse_args(ctx, args if given else [DEFAULT, *args])


app = typer.Typer(cls=ShowsByDefault, help="Show the job queues, or move dead letters back.")


@app.callback()
def queue() -> None:
    """Show the job queues, or move dead letters back. Without a command: show."""


@app.command(DEFAULT)
@with_option_groups
def show(
    name: Annotated[
        str | None, typer.Argument(metavar="[QUEUE]", help="A job queue; without, all of them.")
    ] = None,
    *,
    limit: Annotated[
        int, typer.Option(min=0, max=100, help="How many of those who are next, at most.")
    ] = queue_view.DEFAULT_FRONT,
    json: AsJson = False,
    where: Connection,
) -> None:
    """Show the job queues: what waits and runs, who is next, how long waiting usually takes."""
    with output.report_errors():
        path = calls.path("/queue", {} if name is None else {"queue": name})
        found = answers.content(calls.call(Deployment(where).api, "GET", path), as_json=json)
        if json:
            output.as_json(found)
        else:
            queue_view.show(found["queues"], limit)


@app.command()
@with_option_groups
def redrive(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, move nothing.")] = False,
    json: AsJson = False,
    where: Connection,
) -> None:
    """Move the messages of the dead-letter queues back to their source queues, to be handled again.

    Repair the cause first: a message that fails again comes back.
    """
    with output.report_errors():
        deployment = Deployment(where)
        rows = [
            _row(holds, DeadLetters(deployment.session, arn), dry_run=dry_run)
            for holds, arn in _arns(deployment).items()
        ]
        if json:
            output.as_json(rows)
        else:
            cells = [[str(row[column]) for column in COLUMNS] for row in rows]
            output.table(output.data, COLUMNS, cells)


def _arns(deployment: Deployment) -> dict[str, str]:
    """By what they hold. Raises Misconfigured when the stack names none, Unavailable."""
    if deployment.outputs is None or not deployment.outputs.keys() & DEAD_LETTERS.keys():
        raise Misconfigured(deployment.missing(next(iter(DEAD_LETTERS))))
    return {
        holds: deployment.outputs[name] for name, holds in DEAD_LETTERS.items() if name in deployment.outputs
    }


def _row(holds: str, letters: DeadLetters, *, dry_run: bool) -> dict[str, str | int]:
    count = letters.waiting()
    if not count:
        outcome = "empty"
    elif dry_run:
        outcome = "would be moved back"
    else:
        outcome = "moving back" if letters.redrive() else "moving back already"
    return {"holds": holds, "queue": letters.name, "messages": count, "outcome": outcome}
