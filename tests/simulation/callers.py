"""The programs that call Pulse's API and ask again until they are answered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.simulation.asks import Ask
from tests.simulation.kernel import Kernel

_PATIENCE_SECONDS = 1800.0
_LOST_ANSWERS = 0.03
_OK, _ACCEPTED, _REFUSED, _TOO_EARLY, _TOO_MANY, _SERVER_ERROR = 200, 202, 400, 425, 429, 500
_NOT_FOUND, _CONFLICT, _INVALID = 404, 409, 422

Answer = dict[str, Any]
Hear = Callable[[Answer | None], None]
Api = Callable[[str, str, str, str, Mapping[str, str], Hear], None]
"""Calls the API: with a name for the invocation, method, path, body and headers; the answer comes back
through the last, None for none.
"""
Done = Callable[[int, dict[str, Any]], None]


@dataclass
class Answered:
    """What the callers of one request were told: the job ids of all answers, those of the reruns by the job
    that was to run again, the last refusal, what should never have been answered, and whether a dry run was.
    """

    job_ids: set[str] = field(default_factory=set)
    reruns: dict[str, set[str]] = field(default_factory=dict)
    refused: str = ""
    cancelled: bool = False
    planned: bool = False
    wrong: str = ""


@dataclass
class Call:
    """One call, again and again until it is answered for good; then `done` gets the status and the content.
    `insists`: it is sent again at all. `faulted`: what failed within.
    """

    kernel: Kernel
    api: Api
    name: str
    method: str
    path: str
    done: Done
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    insists: bool = True
    tries: int = 0
    began: float = 0.0

    def begin(self) -> None:
        self.began = self.kernel.now
        self._try()

    def _try(self) -> None:
        self.tries += 1
        self.api(f"{self.name}.{self.tries}", self.method, self.path, self.body, self.headers, self._hear)

    def _hear(self, answer: Answer | None) -> None:
        lost = self.kernel.faulty and self.kernel.chance(self.name, self.tries, "heard") < _LOST_ANSWERS
        if answer is None or lost:
            self.kernel.tell(self.name, "hears nothing")
            self._again(2.0 * self.tries)
            return
        status, headers = answer["statusCode"], answer["headers"]
        self.kernel.tell(self.name, f"is answered {status} {answer['body'][:300]}")
        if status >= _SERVER_ERROR or status in {_TOO_MANY, _TOO_EARLY} or "Retry-After" in headers:
            if status == _SERVER_ERROR:
                self.done(status, json.loads(answer["body"]))
            self._again(float(headers.get("Retry-After", 2.0 * self.tries)))
            return
        self.done(status, json.loads(answer["body"]))

    def _again(self, seconds: float) -> None:
        if self.insists and self.kernel.now - self.began <= _PATIENCE_SECONDS:
            self.kernel.after(seconds * (0.5 + self.kernel.chance(self.name, self.tries, "wait")), self._try)


@dataclass
class Caller:
    """One program with one request, and what it does once it has the job."""

    kernel: Kernel
    ask: Ask
    number: int
    api: Api
    answered: Answered
    depends_on: Callable[[], str]
    meddle: Callable[[str], None] = lambda _: None
    """What others do with the job once it is there."""

    def begin(self) -> None:
        depends_on = self.depends_on() if self.ask.after else ""
        if self.ask.after and not depends_on:
            if self.kernel.now - self.ask.at < _PATIENCE_SECONDS and not self.ask.gives_up:
                self.kernel.after(5.0, self.begin)
            return
        query = {"force": "true"} if self.ask.forced else {"dry_run": "true"} if self.ask.dry else {}
        body = json.dumps(self.ask.body(depends_on))
        self._call(f"call {self.number}", "POST", _with("/jobs", query), self._hear, body, self.ask.name)

    def _hear(self, status: int, content: dict[str, Any]) -> None:
        if status == _ACCEPTED:
            self.answered.job_ids.add(content["job_id"])
            if self.number == 0 or self.ask.forced:
                self._go_on(content["job_id"])
        elif status == _OK:
            self.answered.planned = True
        elif status == _SERVER_ERROR:
            self._note(status, content, "call")
        else:
            told = f"{status} {content.get('title', '')} {content.get('detail', '')}"
            self.answered.refused = f"{told} {content.get('errors', '')}"

    def _go_on(self, job_id: str) -> None:
        ask, after = self.ask, self.kernel.after
        if ask.cancelled is not None:
            for number in range(1 + int(3 * ask.shape)):
                after(ask.cancelled, lambda number=number: self._cancel(job_id, number))  # type: ignore[misc]
        if ask.rerun:
            twins = ask.twins[: len(ask.twins) // 2]
            for number, later in enumerate((0.0, *twins)):
                after(ask.rerun_after + later, lambda number=number: self._rerun(job_id, number))  # type: ignore[misc]
        if ask.conflicts is not None and ask.keyed:
            after(ask.conflicts, self._conflict)
        self.meddle(job_id)
        if ask.looks is not None:
            after(ask.looks, lambda: self._look(job_id))

    def _cancel(self, job_id: str, number: int) -> None:
        def hear(status: int, content: dict[str, Any]) -> None:
            if status == _ACCEPTED:
                self.answered.cancelled = True
            elif status != _CONFLICT:
                self._note(status, content, "cancellation")

        self._call(f"cancel {self.number}.{number}", "POST", f"/jobs/{job_id}/cancel", hear)

    def _conflict(self) -> None:
        """Uses the key for another request."""

        def hear(status: int, content: dict[str, Any]) -> None:
            if status != _INVALID:
                self._note(status, content, "other request under the same key")

        body = json.dumps(self.ask.body() | {"batch_size_days": 7})
        self._call(f"conflict {self.number}", "POST", "/jobs", hear, body, self.ask.name)

    def _rerun(self, job_id: str, number: int) -> None:
        def hear(status: int, content: dict[str, Any]) -> None:
            if status == _ACCEPTED:
                self.answered.reruns.setdefault(job_id, set()).add(content["job_id"])
            elif status in {_NOT_FOUND, _SERVER_ERROR}:
                self._note(status, content, "rerun")

        body = json.dumps({"attempts": 2} if self.ask.rerun == "changed" else {})
        name = f"rerun {self.number}.{number}"
        self._call(name, "POST", f"/jobs/{job_id}/rerun", hear, body, f"{self.ask.name} rerun {self.number}")

    def _look(self, job_id: str) -> None:
        """Looks at everything that the job may show itself in. A log may not be there."""
        pages = {
            "job": f"/jobs/{job_id}",
            "by tag": _with("/jobs", {"tag": f"Ask={self.ask.name}"}),
            "by profile": _with("/jobs", {"profile": self.ask.profile}),
            "queue": "/queue",
            "costs": "/costs",
            "log": f"/jobs/{job_id}/logs",
        }
        for name, path in pages.items():

            def hear(status: int, content: dict[str, Any], name: str = name) -> None:
                if status >= _REFUSED and not (name == "log" and status == _NOT_FOUND):
                    self._note(status, content, f"look {name}")

            self._call(f"look {self.number} {name}", "GET", path, hear)

    def _call(  # noqa: PLR0913, PLR0917 - a call's parts
        self, name: str, method: str, path: str, hear: Done, body: str = "", key: str = ""
    ) -> None:
        headers = {"idempotency-key": f'"{key}"'} if self.ask.keyed and key else {}
        Call(
            kernel=self.kernel,
            api=self.api,
            name=f"{self.ask.name} {name}",
            method=method,
            path=path,
            done=hear,
            body=body,
            headers=headers,
            insists=not self.ask.gives_up,
        ).begin()

    def _note(self, status: int, content: dict[str, Any], what: str) -> None:
        told = f"The {what} of {self.ask.name} was answered {status} {content.get('title', '')}"
        self.answered.wrong = self.answered.wrong or f"{told}: {content.get('detail', '')}"


def _with(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
