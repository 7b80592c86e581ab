"""The `pulse` command. One file a verb; this one only lists them."""

import typer

from pulse.cli import local

app = typer.Typer(
    name="pulse",
    help="Retrodiction training on AWS Batch, event-driven.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)
app.add_typer(local.app, name="local")


@app.callback()
def main() -> None:
    """Retrodiction training on AWS Batch, event-driven."""
