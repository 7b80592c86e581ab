"""The `pulse` command. One file a verb; this one only lists them."""

import typer

from pulse.cli.commands import queue
from pulse.cli.commands.cancel import cancel
from pulse.cli.commands.cost import cost
from pulse.cli.commands.demo import demo
from pulse.cli.commands.doctor import doctor
from pulse.cli.commands.explain import explain
from pulse.cli.commands.list import list_jobs
from pulse.cli.commands.logs import logs
from pulse.cli.commands.open import open_report
from pulse.cli.commands.quote import quote
from pulse.cli.commands.rerun import rerun
from pulse.cli.commands.results import results
from pulse.cli.commands.status import status
from pulse.cli.commands.submit import submit
from pulse.cli.commands.watch import watch
from pulse.cli.local import commands
from pulse.cli.options.groups import ManyValues

app = typer.Typer(
    name="pulse",
    help="Retrodiction training on AWS Batch, event-driven.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
    rich_markup_mode="markdown",
)
app.command(cls=ManyValues)(submit)
app.command(cls=ManyValues)(quote)
app.command("list")(list_jobs)
app.command()(status)
app.command()(results)
app.command("open")(open_report)
app.command()(explain)
app.command()(watch)
app.command()(logs)
app.command()(cancel)
app.command()(rerun)
app.command()(cost)
app.command()(demo)
app.command()(doctor)
app.add_typer(queue.app, name="queue")
app.add_typer(commands.app, name="local")


@app.callback()
def main() -> None:
    """Retrodiction training on AWS Batch, event-driven."""
