"""The `pulse` command. One file a verb; this one only lists them."""

from importlib.metadata import version
from typing import Annotated

import typer

from pulse.cli import output
from pulse.cli.commands import queue, training
from pulse.cli.commands.cancel import cancel
from pulse.cli.commands.cost import cost
from pulse.cli.commands.demo import demo
from pulse.cli.commands.diff import diff
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
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=ManyValues)(submit)
app.command(cls=ManyValues)(quote)
app.command("list")(list_jobs)
app.command()(status)
app.command()(results)
app.command("open")(open_report)
app.command()(diff)
app.command()(explain)
app.command()(watch)
app.command()(logs)
app.command()(cancel)
app.command()(rerun)
app.command()(cost)
app.command()(demo)
app.command()(doctor)
app.add_typer(queue.app, name="queue")
app.add_typer(training.app, name="training")
app.add_typer(commands.app, name="local")


def _print_version(wanted: bool) -> None:
    if wanted:
        output.data.print(f"pulse {version('pulse-retrodiction')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print this client's version."
        ),
    ] = False,
) -> None:
    """Retrodiction training on AWS Batch, event-driven."""
