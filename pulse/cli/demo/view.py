"""What `pulse local demo` and `pulse demo` show a person, as it happens."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from pulse.cli.client.environment import CLONE
from pulse.cli.output import data as console
from pulse.domain.fault import printable
from pulse.domain.training import warnings

if TYPE_CHECKING:
    from pulse.cli.demo.job import Job

_HOPS = (
    ("asked → submitted", "asked", "submitted"),
    ("submitted → RUNNING", "submitted", "RUNNING"),
    ("RUNNING → end: the training", "RUNNING", "end"),
)
_TO_PEOPLE = (
    ("end → e-mail", "end", "email"),
    ("end → Slack", "end", "slack"),
    ("asked → both alerts", "asked", "alerts"),
)
_TO_TOPIC = (("end → alert", "end", "alert"), ("asked → alert", "asked", "alert"))
"""Where nobody knows when e-mail and Slack had it: when the topic handed it out."""
STATE_STYLES = {"SUCCEEDED": "bold green", "FAILED": "bold red", "RUNNING": "cyan"}


@dataclass
class Step:
    status: Status
    name: str
    note: str = ""

    def doing(self, what: str) -> None:
        self.status.update(what)


def title() -> None:
    console.rule("[bold]Pulse: a dropped file and an API call become trained models and alerts")


@contextmanager
def step(name: str) -> Iterator[Step]:
    began = time.monotonic()
    with console.status(name) as status:
        current = Step(status, name)
        yield current
    seconds = time.monotonic() - began
    console.print(f" [green]✓[/] {name:<22} {seconds:6.1f} s   {escape(current.note)}")


def jobs_begin(data: Path, drop: str, request: Path, posted: "Job") -> None:
    (answer,) = posted.answers
    console.print()
    console.print(f"[bold]drop[/]  {escape(_short(data))} → {escape(drop)}")
    outcome = f"{answer.status}, {escape(posted.job_id)}"
    console.print(f"[bold]API [/]  POST /jobs with {escape(_short(request))}, signed → {outcome}")
    console.print()


def _short(file: Path) -> str:
    """As seen from the clone, where it lies in it."""
    return str(file.relative_to(CLONE) if file.is_relative_to(CLONE) else file)


def state(job: "Job", status: str) -> None:
    after = (job.states[status] - job.asked_at).total_seconds()
    style = STATE_STYLES.get(status, "default")
    console.print(f"  {after:+7.2f} s  [bold]{job.door:<4}[/]  [{style}]{status:<9}[/]  {escape(job.job_id)}")


def results(job: "Job", below: str) -> None:
    console.print()
    console.rule(f"[bold]{job.door}[/]  {escape(job.job_id)}", align="left")
    if job.metrics:
        for sentence in warnings.listed(*warnings.parse(job.metrics.get("warnings"))):
            console.print(f"  read this first: {printable(sentence)}", style="bold yellow", markup=False)
        console.print(_metrics(job.metrics))
        for sentence in job.metrics.get("left_out", []):
            console.print(f"  left out: {printable(sentence)}", style="dim", markup=False)
    for file in job.results:
        line = f"  {file.size_bytes:>9,} bytes  {below}{file.name}"
        console.print(printable(line), style="dim", markup=False)


def all_of(jobs: "list[Job]") -> None:
    """What people got, and how long it took."""
    for job in jobs:
        alerts(job)
    hops(jobs)


def alerts(job: "Job") -> None:
    email, slack = job.messages.get("email"), job.messages.get("slack")
    if email:
        _message(f"{job.door}: e-mail to {email['to']}", [email["subject"], "", *email["text"].splitlines()])
    if slack:
        _message(f"{job.door}: Slack", _slack(slack))


def _message(title: str, lines: list[str]) -> None:
    """As received. Lines are not wrapped, so that addresses can be copied."""
    console.print()
    console.rule(f"[bold]{escape(title)}", align="left")
    for line in lines:
        console.print(f"  {printable(line)}", markup=False)


def hops(jobs: "list[Job]") -> None:
    table = Table(title="How long each hop took", title_justify="left", show_edge=False)
    table.add_column("hop")
    for job in jobs:
        table.add_column(job.door, justify="right")
    has_alerts = any("alerts" in job.moments for job in jobs)
    for name, start, end in (*_HOPS, *(_TO_PEOPLE if has_alerts else _TO_TOPIC)):
        table.add_row(name, *(_seconds(job.moments, start, end) for job in jobs))
    console.print()
    console.print(table)


def failed(error: Exception, look: str) -> None:
    """`look`: where to find out more."""
    console.print()
    console.print("The demo failed.", style="bold red")
    console.print(str(error) or type(error).__name__, markup=False)
    console.print(look, markup=False)


def done(seconds: float, record: Path) -> None:
    console.print()
    console.print(f"Record of it: {_short(record)}", markup=False)
    console.print(f"[bold green]Done in {seconds:.0f} s.[/] Nothing was left running.")
    console.print("Stay with it: [bold]make local[/], then in another terminal "
                  '[bold]eval "$(pulse local env)"[/].')  # fmt: skip


def _metrics(metrics: dict[str, Any]) -> Table:
    period = metrics["period"]
    table = Table(
        title=f"{metrics['windows']} windows, {period['start']} to {period['end']}, "
        f"{metrics['runtime_seconds']:.1f} s, peak {metrics['peak_memory_mib']:.0f} MiB",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    columns = ("trust", "mase", "mae", "rmse", "coverage", "skill_vs_persistence", "skill_vs_seasonal_naive")
    table.add_column("variable", overflow="fold")
    for name in columns:
        # Narrow enough for 80 columns; only a long variable's name is folded.
        heading = name.replace("skill_vs", "skill vs").replace("_", "\n")
        table.add_column(heading, justify="right", no_wrap=True)
    for variable, scores in metrics["variables"].items():
        table.add_row(escape(printable(variable)), *(_number(scores[name]) for name in columns))
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _slack(message: dict[str, Any]) -> list[str]:
    """The card as text: each block's words in order, a field a line."""
    lines: list[str] = []
    for block in message.get("blocks") or []:
        lines += _words(block.get("text")).splitlines()
        lines += [_words(field).replace("\n", "  ") for field in block.get("fields", [])]
        lines += [line for element in block.get("elements", []) for line in _words(element).splitlines()]
    return lines


def _words(text: dict[str, Any] | None) -> str:
    inner = (text or {}).get("text", "")
    return str(inner.get("text", "")) if isinstance(inner, dict) else str(inner)


def _seconds(moments: dict[str, datetime], start: str, end: str) -> str:
    if start not in moments or end not in moments:
        return "–"
    return f"{(moments[end] - moments[start]).total_seconds():.2f} s"
