"""Recorded events told again: read, moved to the present, renamed into jobs of their own, lost, doubled and
shuffled on purpose; and in which state each job must end.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
from msgspec import Struct, structs

from pulse.api.answers.jobs import story
from pulse.domain.console import Console
from pulse.domain.diagnosis.children import child_of, failures, has_failures
from pulse.domain.fault import Fault, shown
from pulse.domain.job import event as job_event
from pulse.domain.job.changes import advanced, foreign
from pulse.domain.job.child import Child
from pulse.domain.job.event import JOB_ID_VARIABLE, JobEvent
from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import TERMINAL
from pulse.domain.validation import InvalidInput
from pulse.domain.views.known_job import KnownJob

_NOWHERE = Console(region="")
STATE_CHANGE = ("aws.batch", "Batch Job State Change")
_SECOND = timedelta(seconds=1)
_TIME_SUFFIX = "At"
"""How AWS Batch names its times (`createdAt`, `statusSummaryLastUpdatedAt`): milliseconds since 1970."""

Event = dict[str, Any]
"""An event in its envelope, as EventBridge delivers it."""


COMPARED = (
    *("status", "attempts", "batch_job_id", "job_name", "variables", "vcpus", "memory_mib", "array_size"),
    *("started_at", "stopped_at", "ran_seconds", "exit_code", "reason", "status_reason"),
    *("log_group", "log_stream", "children", "failures", "changes", "attempts_log"),
)
"""What the API tells of a job that follows from its events alone. The rest is the deployment's: prices, what
is usual, when it is overdue, whose queue and results they are.
"""


class Job(Struct, frozen=True, kw_only=True):
    """A job of a recording, under its new id. `in_order`: what is known of it after all its events in their
    order.
    """

    job_id: str
    name: str
    events: int
    in_order: KnownJob

    def differences(self, job: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
        """By the field: what GET /jobs/{id} tells otherwise than it would in order, and what that is."""
        right = msgspec.json.decode(msgspec.json.encode(story(self.in_order, _NOWHERE)))
        fields = ((name, job.get(name), right.get(name)) for name in COMPARED)
        return {name: (found, wanted) for name, found, wanted in fields if found != wanted}


class Delivery(Struct, frozen=True, kw_only=True):
    """What is delivered in this order, and how many events of each job (by its new id) never are."""

    events: tuple[Event, ...]
    lost: Counter[str]
    doubled: int


def read(text: str) -> list[Event]:
    """The state changes in a recording: a JSON list of events, or an event a line. Other events are left out.
    Raises InvalidInput.
    """
    try:
        lines = [text] if text.lstrip().startswith("[") else filter(str.strip, text.splitlines())
        found = [event for line in lines for event in _listed(msgspec.json.decode(line))]
    except msgspec.DecodeError as error:
        fault = Fault("the whole", f"a JSON list of events, or an event a line: {error}", shown(text))
        raise InvalidInput([fault], "the recording") from error
    events = [event for event in found if _is_state_change(event)]
    if not events:
        fault = Fault("the whole", "at least one Batch Job State Change", f"{len(found)} other events")
        raise InvalidInput([fault], "the recording")
    for event in events:
        _parsed(event)
    return sorted(events, key=lambda event: str(event.get("time", "")))


def age(events: Iterable[Event], *, now: datetime) -> timedelta:
    """How long before `now` the newest time in the events is, in whole seconds; negative when it is later."""
    parsed = [_parsed(event) for event in events]
    times = [
        at for event in parsed for at in (event.at, event.created_at, event.started_at, event.stopped_at)
    ]
    newest = max((at for at in times if at), default=now)
    return (now - newest) // _SECOND * _SECOND


def moved(events: Iterable[Event], by: timedelta) -> list[Event]:
    """The events with every time in them later by `by`, so that all differences stay.

    An old recording needs it: the ledger's records expire, and the reconciler ends a job that nothing was
    heard of for days and that AWS Batch does not know.
    """
    return [_moved(event, by) for event in events]


def ids_of(run: str) -> str:
    """What the ids of a run's jobs begin with, and those of no other job."""
    return f"replay-{run}-"


def renamed(events: Iterable[Event], *, run: str, queue_arn: str) -> list[Event]:
    """The same stories of jobs that nobody has heard of, in the queue `queue_arn`. `run` tells this telling
    from all others.
    """
    names: dict[str, str] = {}
    return [_renamed(deepcopy(event), names, run, queue_arn) for event in events]


def jobs(events: Sequence[Event], *, now: datetime) -> list[Job]:
    """The jobs of `events`, which are in order; the children of an array count as their parent's."""
    records: dict[str, JobRecord] = {}
    children: defaultdict[str, dict[int, Child]] = defaultdict(dict)
    parsed = [_parsed(event) for event in events]
    for event in parsed:
        job_id = event.named_job_id
        before = records.get(job_id)
        if not event.is_array_child:
            after = advanced(before, event) if before else foreign(event, job_id=job_id, queue="", now=now)
            records[job_id] = after or records[job_id]
        elif before:
            if event.status in TERMINAL:
                child = child_of(before, event, None)
                children[job_id][child.index] = child
            starts = filter(None, (before.started_at, event.first_started_at))
            records[job_id] = structs.replace(before, started_at=min(starts, default=None))
    counts = Counter(event.named_job_id for event in parsed)
    return [
        Job(
            job_id=job_id,
            name=record.job_name,
            events=counts[job_id],
            in_order=_known(record, [*children[job_id].values()]),
        )
        for job_id, record in records.items()
    ]


def _known(record: JobRecord, children: Sequence[Child]) -> KnownJob:
    return KnownJob(record=record, failed=failures(record, children) if has_failures(record) else None)


def delivery(
    events: Sequence[Event], random: Random, *, drop: float, double: float, shuffle: bool
) -> Delivery:
    """`drop` and `double` are shares from 0 to 1: of all events those that are lost, of the others those that
    come twice.
    """
    kept, lost = [], Counter[str]()
    for event in events:
        if random.random() < drop:
            lost[_parsed(event).named_job_id] += 1
        else:
            kept += [event] * (1 + (random.random() < double))
    doubled = len(kept) + lost.total() - len(events)
    if shuffle:
        random.shuffle(kept)
    return Delivery(events=tuple(kept), lost=lost, doubled=doubled)


def _is_state_change(event: Any) -> bool:
    return isinstance(event, dict) and (event.get("source"), event.get("detail-type")) == STATE_CHANGE


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _parsed(event: Event) -> JobEvent:
    """Raises InvalidInput when it is not of a job."""
    time = event.get("time")
    return job_event.parse(event.get("detail"), at=_utc(time) if isinstance(time, str) else None)


def _utc(time: str) -> datetime:
    return datetime.fromisoformat(time).astimezone(UTC)


def _moved(event: Event, by: timedelta) -> Event:
    time = event.get("time")
    later = {"time": (_utc(time) + by).isoformat().replace("+00:00", "Z")} if isinstance(time, str) else {}
    return event | later | {"detail": _later(event["detail"], by // timedelta(milliseconds=1))}


def _later(value: Any, milliseconds: int) -> Any:
    """Part of an event's detail with its times moved. AWS Batch writes 0 for a time that is still to come."""
    if isinstance(value, list):
        return [_later(item, milliseconds) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: item + milliseconds
        if name.endswith(_TIME_SUFFIX) and type(item) is int and item
        else _later(item, milliseconds)
        for name, item in value.items()
    }


def _renamed(event: Event, names: dict[str, str], run: str, queue_arn: str) -> Event:
    detail = event["detail"]
    parent, colon, index = detail["jobId"].partition(":")
    name = names.setdefault(parent, f"{ids_of(run)}{len(names) + 1:03}")
    container = detail.setdefault("container", {})
    others = [pair for pair in container.get("environment") or () if pair.get("name") != JOB_ID_VARIABLE]
    container["environment"] = [*others, {"name": JOB_ID_VARIABLE, "value": name}]
    detail |= {"jobId": f"{name}-batch{colon}{index}", "jobQueue": queue_arn}
    return event
