"""`pulse queue`: what waits, and the way back for what could not be handled."""

from typing import Annotated

import typer

from pulse.aws.dead_letters import DeadLetters
from pulse.cli import output
from pulse.cli.connection import Connection, Deployment
from pulse.cli.option_groups import spread
from pulse.cli.output_options import Json
from pulse.domain.errors import Misconfigured

QUEUES = {
    "DropsDeadLetters": "dropped objects",
    "EventsDeadLetters": "job events",
    "AlertsDeadLetters": "alerts",
}
"""The outputs of the stack that hold a dead-letter queue's ARN; alerts have one where Slack is configured."""

COLUMNS = ("holds", "messages", "outcome", "queue")

app = typer.Typer(help="The queues of a deployment.", no_args_is_help=True)


@app.callback()
def queue() -> None:
    """The queues of a deployment."""


@app.command()
@spread
def redrive(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, move nothing.")] = False,
    json: Json = False,
    where: Connection,
) -> None:
    """Move what waits in the dead-letter queues back to where it came from, to be handled again.

    Repair the cause first: what fails again comes back.
    """
    with output.errors_told():
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
    if deployment.outputs is None or not deployment.outputs.keys() & QUEUES.keys():
        raise Misconfigured(deployment.missing(next(iter(QUEUES))))
    return {holds: deployment.outputs[name] for name, holds in QUEUES.items() if name in deployment.outputs}


def _row(holds: str, letters: DeadLetters, *, dry_run: bool) -> dict[str, str | int]:
    count = letters.waiting()
    if not count:
        outcome = "empty"
    elif dry_run:
        outcome = "would be moved back"
    else:
        outcome = "moving back" if letters.redrive() else "moving back already"
    return {"holds": holds, "queue": letters.name, "messages": count, "outcome": outcome}
