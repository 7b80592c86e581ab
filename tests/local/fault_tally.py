"""What each fault did, and the table that says so."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from tests.local.fault_worker import Answer, Invocation

_ENDS = {200: "answered", 202: "answered", 409: "try again", 500: "failed", 503: "try again"}
_COLUMNS = ("answered", "try again", "failed", "died")


@dataclass
class Row:
    """`met`: the requests of the invocations in which the fault was injected, or the jobs of the events."""

    injected: int = 0
    met: set[str] = field(default_factory=set)
    calls: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)


class Tally:
    """`told`: of each request, what was called for it and how that ended, in order."""

    def __init__(self) -> None:
        self.rows: defaultdict[str, Row] = defaultdict(Row)
        self.told: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, invocation: Invocation, answer: Answer) -> None:
        for name in invocation.requests:
            self.told[name].append(_line(invocation, answer))
        if invocation.fault is not None and answer.met is not None:
            self._count(invocation.fault.kind, invocation, answer).calls[answer.met] += 1
        if invocation.twice:
            self._count("a second delivery", invocation, answer)
        if invocation.function == "on_job_event":
            self._count("job events, in any order", invocation, answer)

    def injected(self, kinds: Collection[str]) -> int:
        return sum(self.rows[kind].injected for kind in kinds)

    def show(self, console: Console, title: str, lost: Collection[str], doubled: Collection[str]) -> None:
        table = Table(title=title)
        table.add_column("fault", no_wrap=True)
        for name in ("injected", "requests", *_COLUMNS, "lost", "doubled"):
            table.add_column(name, justify="right", min_width=len(name))
        table.add_column("most often at", no_wrap=True)
        for name, row in sorted(self.rows.items()):
            ends = [str(row.ends[column]) for column in _COLUMNS]
            outcome = [str(len(row.met & set(names))) for names in (lost, doubled)]
            at = next(iter(row.calls.most_common(1)), ("",))[0]
            table.add_row(name, str(row.injected), str(len(row.met)), *ends, *outcome, at)
        console.print(table)

    def _count(self, name: str, invocation: Invocation, answer: Answer) -> Row:
        row = self.rows[name]
        row.injected += 1
        row.met |= set(invocation.requests)
        row.ends[_end(answer)] += 1
        return row


def _line(invocation: Invocation, answer: Answer) -> str:
    fault = f", {invocation.fault.kind} at {answer.met}" if invocation.fault and answer.met else ""
    return f"{invocation.function}, {invocation.later} later{fault}: {_end(answer)} {answer.status or ''}"


def _end(answer: Answer) -> str:
    if answer.died:
        return "died"
    return _ENDS.get(answer.status, "failed") if answer.status else _of_messages(answer)


def _of_messages(answer: Answer) -> str:
    return "try again" if answer.failed else "answered"
