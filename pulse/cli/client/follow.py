"""A job as it goes on, through the API: each state and each line of its log, once."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

from rich.markup import escape

from pulse.aws.client.signed_api import SignedApi
from pulse.cli import output
from pulse.cli.client import answers, calls, monitor
from pulse.cli.client.answers import Json
from pulse.domain.fault import printable, printable_json
from pulse.domain.job.status import TERMINAL

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 10.0
_SLOWER = 1.5

OnChange = Callable[[Json, Json], None]
"""Takes a job and one of its changes."""


class LogReader:
    """Remembers where it is in the log of a job, or of an array's `child`."""

    def __init__(self, api: SignedApi, job_id: str, child: int | None = None) -> None:
        self._api, self._path = api, f"/jobs/{job_id}/logs"
        self._child = {} if child is None else {"child": str(child)}
        self._token: str | None = None

    def unread(self, *, must_exist: bool = False) -> Iterator[Json]:
        """The lines that were not told yet. None where there is no log yet; with `must_exist`, exits with
        NOT_FOUND.
        """
        while True:
            query = self._child | ({"next": self._token} if self._token else {})
            answer = calls.call(self._api, "GET", self._path, query=query)
            if answer.status_code == HTTPStatus.NOT_FOUND and not must_exist:
                return
            page = answers.content(answer, as_json=False)
            yield from page.get("lines") or []
            if not page.get("next"):
                return
            self._token = page["next"]


def until_decided(
    api: SignedApi,
    job_id: str,
    *,
    on_change: OnChange | None = None,
    on_line: Callable[[Json], None] | None = None,
    pause_seconds: float | None = None,
) -> tuple[Json, Json]:
    """The job at its end, and the one that decides how it ended at its own: behind an array that ended well,
    the one that puts its results together.
    """
    ended = partial(until_ended, api, on_change=on_change, on_line=on_line, pause_seconds=pause_seconds)
    job = ended(job_id)
    last = monitor.decides(job)
    return job, job if last == job["job_id"] else ended(last)


def until_ended(  # noqa: PLR0913 - what is told of it, and when it is asked for
    api: SignedApi,
    job_id: str,
    *,
    on_change: OnChange | None = None,
    on_line: Callable[[Json], None] | None = None,
    child: int | None = None,
    pause_seconds: float | None = None,
) -> Json:
    """The job at its end. It is asked for every `pause_seconds`; without, more often while something happens.
    `child`: the log is that of an array's.
    """
    changes, log = _Changes(), LogReader(api, job_id, child)
    pause = SHORTEST_PAUSE_SECONDS
    while True:
        job = monitor.get(api, job_id)
        happened = False
        for change in changes.unseen(job):
            happened = True
            if on_change:
                on_change(job, change)
        if on_line:
            for line in log.unread():
                happened = True
                on_line(line)
        if job.get("status") in TERMINAL:
            return job
        pause = SHORTEST_PAUSE_SECONDS if happened else min(_SLOWER * pause, LONGEST_PAUSE_SECONDS)
        time.sleep(pause_seconds or pause)


class _Changes:
    def __init__(self) -> None:
        self._seen: set[tuple[str, int]] = set()

    def unseen(self, job: Json) -> Iterator[Json]:
        """Gives a state whose event has no time yet the time at which it is seen."""
        known = job.get("changes") or []
        status = str(job.get("status"))
        if status not in {change["status"] for change in known}:
            now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            known = [*known, {"status": status, "attempts": job.get("attempts", 0), "at": now}]
        for change in known:
            key = (change["status"], change["attempts"])
            if key not in self._seen:
                self._seen.add(key)
                yield change


def print_change(job: Json, change: Json) -> None:
    """On stderr, so that stdout has the log only."""
    status = str(change["status"])
    style = monitor.STYLES.get(status, "default")
    after = f"  after {change['attempts']} attempts" if change["attempts"] > 1 else ""
    text = f"{moment(change['at'])}  [{style}]{escape(printable(status)):<9}[/]"
    output.messages.print(f"{text}  {escape(printable(str(job['job_id'])))}{after}")


def print_line(line: Json) -> None:
    output.data.print(f"{moment(line['at'])}  {printable(line['text'])}", markup=False)


def print_line_as_json(line: Json) -> None:
    """One object a line."""
    output.data.print(printable_json(line), markup=False)


def moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
