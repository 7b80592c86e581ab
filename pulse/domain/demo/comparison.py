"""Two records of the demo compared: the same states, the same order of effects, the same fields.

Values are not compared: times, ids, names, sizes and prices are each deployment's own. Fields are, and the
type of what they hold. Which fields may be missing on one side stands in MAY_BE_MISSING.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec import Struct

from pulse.domain.demo.record import DemoRecord, JobStory, account_ids
from pulse.domain.job.status import TERMINAL

MAY_BE_MISSING: dict[str, str] = {
    "moments.email": "when an e-mail arrived only the inbox of the local AWS can say",
    "moments.slack": "when a card arrived in Slack only the inbox of the local AWS can say",
    "moments.alerts": "the later of the two before",
    "event *.body.detail.container.networkInterfaces[[]]": "a job on Fargate has an interface of its own, a "
    "process here has none",
    "event *.body.detail.attempts[[]].container.networkInterfaces[[]]": "as above, of an attempt",
    "event *.body.detail.eksAttempts": "of jobs on Kubernetes; AWS Batch may add it, always empty",
    "event *.body.detail.isCancelled": "AWS Batch may leave out what is false",
    "event *.body.detail.isTerminated": "AWS Batch may leave out what is false",
    "event *.body.detail.container.containerInstanceArn": "a job on EC2 instances has one, on Fargate none",
    "event *.body.detail.attempts[[]].container.containerInstanceArn": "as above, of an attempt",
    "answer GET *.body.headline.*.before": "of the run on the same data that ended before this one started: "
    "the demo's two jobs run at once, and either may be over first",
    "alert *.body.facts.Compared to": "the same run",
    "answer GET *.body.usual": "what earlier runs took: a deployment that is in use has some",
    "answer GET *.body.expected_seconds": "follows from earlier runs",
    "answer GET *.body.due_at": "follows from earlier runs",
}
"""Pattern of a field (`fnmatch`; `[]` are the items of a list) to the reason why one side may lack it."""

SIMULTANEOUS = timedelta(seconds=2)
"""Effects so close have no order: EventBridge and S3 tell whole seconds, of clocks of their own."""
_NAMING = ("name", "label", "type")
_KINDS = {str: "a text", bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}


class Difference(Struct, frozen=True):
    """`where` and what each of the two records, in their order, says there."""

    where: str
    sides: tuple[str, str]

    def describe(self, names: tuple[str, str]) -> str:
        """In words, the records by their names."""
        one, other = (f"{name}: {side}" for name, side in zip(names, self.sides, strict=True))
        return f"{self.where}. {one}; {other}."


def differences(one: DemoRecord, other: DemoRecord) -> list[Difference]:
    """All differences that MAY_BE_MISSING does not excuse; an account id that is left in either is one."""
    found = [*_left_in(one, other)]
    doors = list(dict.fromkeys([*one.jobs, *other.jobs]))
    for door in doors:
        if door in one.jobs and door in other.jobs:
            found += _of_job(door, one.jobs[door], other.jobs[door])
        else:
            found.append(Difference(f"The job of the {door}", _there(door in one.jobs, door in other.jobs)))
    return found


def effects(job: JobStory) -> list[str]:
    """What happened, in its order: each state once, however often AWS told it, the results, the alerts.

    What lies less than SIMULTANEOUS before its cause counts as after it.
    """
    latest = datetime.min.replace(tzinfo=UTC)
    placed: list[tuple[datetime, str]] = []
    for name, moment in _causes_first(job):
        # Added on this side: nothing can be taken from datetime.min.
        if moment + SIMULTANEOUS >= latest:
            latest = max(latest, moment)
            placed.append((latest, name))
        else:
            placed.append((moment, name))
    return [name for _, name in sorted(placed, key=lambda one: one[0])]


def _causes_first(job: JobStory) -> Iterator[tuple[str, datetime]]:
    """Effects with their times, in the order in which one leads to the next."""
    results = max((file.written_at for file in job.results), default=None)
    states: dict[str, datetime] = {}
    for event in sorted(job.events, key=lambda event: event.position):
        if results and event.state in TERMINAL:
            states.setdefault("results", results)
        name = f"event {event.state}"
        states[name] = min(states.get(name, event.happened_at), event.happened_at)
    yield from states.items()
    for alert in job.alerts:
        yield f"alert {alert.body.get('kind')}", alert.arrived_at


def _left_in(one: DemoRecord, other: DemoRecord) -> Iterator[Difference]:
    both = [list(account_ids(msgspec.to_builtins(record))) for record in (one, other)]
    for path in dict.fromkeys([*both[0], *both[1]]):
        first, second = ("names one" if path in paths else "names none" for paths in both)
        yield Difference(f"An account id must not stand in a record, in {path}", (first, second))


def _of_job(door: str, one: JobStory, other: JobStory) -> Iterator[Difference]:
    first, second = effects(one), effects(other)
    for name in dict.fromkeys([*first, *second]):
        if (name in first) != (name in second):
            yield Difference(f"{door}: {name}", _there(name in first, name in second))
    orders = [[name for name in order if name in first and name in second] for order in (first, second)]
    if orders[0] != orders[1]:
        yield Difference(f"{door}: the order of effects", (", ".join(orders[0]), ", ".join(orders[1])))
    common = set(first) & set(second)
    yield from _fields(door, *(_shape(_content(job, common)) for job in (one, other)))


def _content(job: JobStory, common: set[str]) -> dict[str, Any]:
    """A job's JSON by effect; effects that only one side has are a difference already."""
    by_name: dict[str, Any] = {
        "moments": job.moments,
        "results": {file.name: file for file in job.results},
        "metrics": job.metrics,
    }
    by_name |= {f"answer {answer.call}": answer for answer in job.answers}
    for event in reversed(job.events):  # the first that told a state stays
        by_name[f"event {event.state}"] = event
    by_name |= {f"alert {alert.body.get('kind')}": alert for alert in job.alerts}
    happened = ("event ", "alert ")
    content: dict[str, Any] = msgspec.to_builtins(
        {name: what for name, what in by_name.items() if not name.startswith(happened) or name in common}
    )
    return content


def _shape(value: Any, path: str = "") -> dict[str, set[str]]:
    """The types that stand under each path. Items of a list that have names are told by them."""
    if isinstance(value, dict):
        parts = [(f"{path}.{key}" if path else key, item) for key, item in value.items()]
    elif isinstance(value, list):
        parts = [(f"{path}{_key(value, item)}", item) for item in value]
    else:
        return {path: {_KINDS[type(value)]}}
    shape = {path: {"an object" if isinstance(value, dict) else "a list"}} if path else {}
    for below, item in parts:
        for found, kinds in _shape(item, below).items():
            shape.setdefault(found, set()).update(kinds)
    return shape


def _key(items: list[Any], item: Any) -> str:
    for naming in _NAMING:
        names = [one.get(naming) if isinstance(one, dict) else None for one in items]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return f".{item[naming]}"
    return "[]"


def _fields(door: str, one: dict[str, set[str]], other: dict[str, set[str]]) -> Iterator[Difference]:
    """Leaves out what lies below a missing field."""
    missing: list[str] = []
    for path in dict.fromkeys([*one, *other]):
        if any(path.startswith((f"{above}.", f"{above}[]")) for above in missing):
            continue
        if (path in one) != (path in other):
            missing.append(path)
            if not any(fnmatchcase(path, pattern) for pattern in MAY_BE_MISSING):
                yield Difference(f"{door}: {path}", _there(path in one, path in other))
        elif one[path] != other[path]:
            first, second = (" or ".join(sorted(shape[path])) for shape in (one, other))
            yield Difference(f"{door}: {path}", (first, second))


def _there(first: bool, second: bool) -> tuple[str, str]:
    words = {True: "is there", False: "is missing"}
    return words[first], words[second]
