"""Where a command's words go: data to stdout, messages to stderr. Words from outside are made printable."""

import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from pulse.cli.exit_codes import ExitCode
from pulse.domain.errors import PulseError
from pulse.domain.fault import printable, printable_json

data = Console(soft_wrap=True, highlight=False)
messages = Console(stderr=True, soft_wrap=True, highlight=False)

PIPE_CHARACTERS = 1000
Facts = Sequence[tuple[str, str]]


@contextmanager
def report_errors() -> Iterator[None]:
    """A PulseError becomes its message on stderr and the exit code FAILED."""
    try:
        yield
    except PulseError as error:
        raise failed(str(error)) from error


def failed(message: str, code: ExitCode = ExitCode.FAILED) -> typer.Exit:
    """Tells `message` in red; the caller raises what is returned."""
    _message(message, "red")
    return typer.Exit(code)


def warn(message: str) -> None:
    _message(message, "yellow")


def _message(message: str, style: str) -> None:
    """Wrapped where a person reads it; in a file or a pipe a line stays a line."""
    messages.print(message, style=style, markup=False, soft_wrap=not messages.is_terminal)


def as_json(content: Any) -> None:
    data.print(printable_json(content, indent=2), markup=False)


@contextmanager
def transfer(what: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """A bar while bytes go over the network; what it gives is called with how many more did."""
    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=messages, transient=True) as progress:
        task = progress.add_task("", total=total_bytes)
        yield lambda count: progress.advance(task, count)


def facts(title: str, rows: Facts, style: str = "bold") -> None:
    """Names and what is so, one a line; rows that say nothing are left out. Sentences are wrapped; a word
    that is longer than a line, such as an address, stays whole, so that it can be copied.
    """
    shown = [(name, printable(value)) for name, value in rows if value]
    indent = " " * (4 + max((len(name) for name, _ in shown), default=0))
    data.print(Text(printable(title), style))
    for name, value in shown:
        wrapped = textwrap.fill(
            value,
            max(data.width, len(indent) + 20),
            initial_indent=f"  {name}".ljust(len(indent)),
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        line = Text(wrapped)
        line.stylize("dim", 0, len(indent))
        data.print(line)


def paragraphs(texts: Sequence[str], style: str = "") -> None:
    """Sentences, indented and wrapped as `facts` are."""
    for text in texts:
        paragraph = textwrap.fill(
            printable(text),
            max(data.width, 40),
            initial_indent="  ",
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        data.print(Text(paragraph, style))


def table(
    console: Console,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    style: str = "",
    whole: Collection[str] = (),
) -> None:
    """As wide as the terminal at most; what does not fit is folded, but in the columns `whole`."""
    shown = empty_table(columns, whole)
    for row in rows:
        shown.add_row(*(Text(printable(cell), style) for cell in row))
    show(console, shown)


def empty_table(columns: Sequence[str], whole: Collection[str] = ()) -> Table:
    shown = Table(show_edge=False, header_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column in whole)
    return shown


def show(console: Console, shown: Table) -> None:
    """In a file or a pipe a row is one line, however long."""
    if not console.is_terminal:
        console = Console(file=console.file, width=PIPE_CHARACTERS, highlight=False)
    console.print(shown, soft_wrap=False)
