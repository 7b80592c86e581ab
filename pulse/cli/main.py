"""The `pulse` command. One file a verb; this one only lists them."""

import typer

from pulse.cli import local, queue
from pulse.cli.cancel import cancel
from pulse.cli.cost import cost
from pulse.cli.demo import demo
from pulse.cli.doctor import doctor
from pulse.cli.explain import explain
from pulse.cli.list import list_jobs
from pulse.cli.logs import logs
from pulse.cli.option_groups import ManyValues
from pulse.cli.quote import quote
from pulse.cli.rerun import rerun
from pulse.cli.status import status
from pulse.cli.submit import submit
from pulse.cli.watch import watch

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
app.command()(explain)
app.command()(watch)
app.command()(logs)
app.command()(cancel)
app.command()(rerun)
app.command()(cost)
app.command()(demo)
app.command()(doctor)
app.add_typer(queue.app, name="queue")
app.add_typer(local.app, name="local")


@app.callback()
def main() -> None:
    """Retrodiction training on AWS Batch, event-driven."""
