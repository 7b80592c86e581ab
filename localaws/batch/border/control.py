"""Failures on demand over HTTP: GET shows what is in force, PUT replaces all of it, DELETE ends it.

A document is {"jobs": [{"how": …, "job": "*", "queue": "*", "times": null, "after_seconds": 0}], "events":
{"drop": 0, "double": 0, "delay_seconds": 0, "shuffle_seconds": 0, "seed": 0}}; whatever is left out has the
value shown. It is no part of AWS, so it lies beside it; a restart ends it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from localaws import json_text
from localaws.asgi import Request, Response
from localaws.batch.running.faults import HOWS, Faults, Rule
from localaws.batch.scheduling.bus import Losses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localaws.batch.engine import Engine
    from localaws.batch.model import Document

PATH = "/_localaws/batch/faults"


class Member(NamedTuple):
    """`allowed` says in words what `fits` takes."""

    allowed: str
    fits: Callable[[Any], bool]


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most


MOST_SECONDS = 24 * 3600
_GLOB = Member("a glob", lambda value: isinstance(value, str))
_SHARE = Member("a number from 0 to 1", lambda value: _is_number(value, 0, 1))
_SECONDS = Member(f"a number from 0 to {MOST_SECONDS}", lambda value: _is_number(value, 0, MOST_SECONDS))
_RULE: Mapping[str, Member] = {
    "how": Member(f"one of {', '.join(HOWS)}", lambda value: value in HOWS),
    "job": _GLOB,
    "queue": _GLOB,
    "times": Member(
        "a whole number of at least 1, or null",
        lambda value: value is None or (isinstance(value, int) and value is not True and value >= 1),
    ),
    "after_seconds": _SECONDS,
}
_LOSSES: Mapping[str, Member] = {
    "drop": _SHARE,
    "double": _SHARE,
    "delay_seconds": _SECONDS,
    "shuffle_seconds": _SECONDS,
    "seed": Member("a whole number", lambda value: isinstance(value, int)),
}
_DOCUMENT: Mapping[str, Member] = {
    "jobs": Member("a list of rules", lambda value: isinstance(value, list)),
    "events": Member("an object", lambda value: isinstance(value, dict)),
}


def answer(engine: Engine, request: Request) -> Response:
    if request.method == "PUT":
        try:
            wanted = json_text.loads(request.body)
        except ValueError as problem:
            return _json(400, {"faults": [f"The body is not JSON: {problem}"]})
        if faults := check(wanted):
            return _json(400, {"faults": faults})
        put(engine, wanted)
    elif request.method == "DELETE":
        put(engine, {})
    elif request.method not in {"GET", "HEAD"}:
        return _json(405, {"faults": [f"{request.method} is not allowed: use GET, PUT or DELETE"]})
    return _json(200, shown(engine))


def put(engine: Engine, wanted: Document) -> None:
    """Puts a checked document in force."""
    engine.faults = Faults([Rule(**rule) for rule in wanted.get("jobs", [])])
    engine.bus.lose(Losses(**wanted.get("events", {})))
    engine.wake()


def shown(engine: Engine) -> Document:
    """The document in force; `struck` counts what a rule has hit, `told` what became of the events."""
    jobs = [{**asdict(rule), "struck": len(rule.struck)} for rule in engine.faults.rules]
    return {"jobs": jobs, "events": asdict(engine.bus.losses), "told": asdict(engine.bus.tally)}


def check(wanted: Any) -> list[str]:
    """Everything that is wrong with a document, each fault with its member, what is allowed and found."""
    faults = _faults("the document", wanted, _DOCUMENT)
    if faults:
        return faults
    for place, rule in enumerate(wanted.get("jobs", [])):
        faults += _faults(f"jobs[{place}]", rule, _RULE)
        if isinstance(rule, dict) and "how" not in rule:
            faults.append(f"jobs[{place}].how is required: {_RULE['how'].allowed}")
    return faults + _faults("events", wanted.get("events", {}), _LOSSES)


def _faults(where: str, found: Any, members: Mapping[str, Member]) -> list[str]:
    if not isinstance(found, dict):
        return [f"{where} must be an object, found {json.dumps(found)[:100]}"]
    has = ", ".join(members)
    unknown = [f"{where} has no {name[:100]!r}: it has {has}" for name in found if name not in members]
    return unknown + [
        f"{where}.{name} must be {member.allowed}, found {json.dumps(found[name])[:100]}"
        for name, member in members.items()
        if name in found and not member.fits(found[name])
    ]


def _json(status: int, document: Document) -> Response:
    return Response(status, "application/json", json.dumps(document).encode())
