"""`pulse local`: AWS on this machine with Pulse deployed to it."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from localaws import instance
from localaws.errors import LocalAwsError
from localaws.instance import DEFAULT_ROOT, Instance
from pulse.cli import output
from pulse.cli.exit_codes import ExitCode
from pulse.cli.local import stacks
from pulse.cli.local.demo import demo
from pulse.cli.local.replay import replay
from pulse.cli.local.stacks import Addresses, DeployFailed

app = typer.Typer(help="AWS on this machine, with no account and no Docker.", no_args_is_help=True)
app.command()(demo)
app.command()(replay)

Port = Annotated[int, typer.Option(help="Loopback port; 0 takes the last one again, or any free one.")]
Detach = Annotated[bool, typer.Option("--detach", help="Return when it is up instead of staying.")]
Erase = Annotated[bool, typer.Option("--erase", help="Forget everything: objects, tables, stacks, jobs.")]


@app.command()
def up(*, detach: Detach = False, port: Port = 0) -> None:
    """Start it and deploy the stacks; state is kept from run to run."""
    try:
        found, where = _start(DEFAULT_ROOT, port)
    except (LocalAwsError, DeployFailed) as error:
        raise _failed(error) from None
    output.data.print(_summary(found, where))
    if detach:
        output.messages.print('It stays up: eval "$(pulse local env)" points any AWS client at it; '
                              "pulse local down stops it.")  # fmt: skip
        return
    output.messages.print("Ctrl+C stops it; its state is kept.")
    _until_interrupted()
    instance.down(DEFAULT_ROOT)


@app.command()
def down(*, erase: Erase = False) -> None:
    """Stop it. Its state is kept unless --erase is given."""
    try:
        was_up = instance.running(DEFAULT_ROOT)
        instance.down(DEFAULT_ROOT, erase=erase)
    except LocalAwsError as error:
        raise _failed(error) from None
    output.messages.print("Stopped." if was_up else "Nothing was running.")


@app.command()
def env() -> None:
    """Print shell lines that point any AWS client at it."""
    found, where = stacks.deployed_here()
    for line in found.shell_lines(where.environment()):
        typer.echo(line)


def _start(root: Path, port: int) -> tuple[Instance, Addresses]:
    with output.messages.status("Starting AWS on this machine") as status:
        found = instance.up(root, port, on_progress=status.update)
        try:
            return found, stacks.deploy_all(found, status.update)
        except BaseException:
            instance.down(root)
            raise


def _summary(found: Instance, where: Addresses) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("AWS endpoint", found.endpoint_url)
    for name, value in vars(where).items():
        table.add_row(name.replace("_", " ").replace("api url", "API").replace("inbox url", "inbox"), value)
    table.add_row("log", str(found.log))
    return table


def _until_interrupted() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()


def _failed(error: Exception) -> typer.Exit:
    output.messages.print(str(error), style="red", markup=False)
    return typer.Exit(ExitCode.FAILED)
