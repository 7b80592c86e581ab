"""Whether everybody got what they asked for, in the end: a job each, or a refusal with its reason; and the
alerts that they wanted, where they wanted them.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from pulse.domain.job.record import JobRecord
from pulse.domain.request.alerts_wanted import CHANNELS, AlertsWanted
from tests.simulation.asks import Ask
from tests.simulation.callers import Answered
from tests.simulation.doors import can_work
from tests.simulation.world import World

_OVER_LIMIT = "The job may cost too much"
_HEARD_WITHIN = timedelta(minutes=45)
"""A message comes five times at most, three minutes after another."""
_OF_A_JOB = frozenset({"SUBMITTED", "STARTED", "SUCCEEDED", "FAILED", "OVERDUE", "BLOCKED"})


def kept_to_caller(ask: Ask, told: Answered, count: int, *, could_ask: bool) -> Iterator[str]:
    """What is wrong with what a caller was told. `count`: how many records its data set has. `could_ask`: the
    job that it depends on is there.
    """
    name = ask.name
    if told.wrong:
        yield told.wrong
    # Of what costs too much, it may be asked what would be submitted.
    if ask.flaw and (told.job_ids or (told.planned and ask.flaw != "cost")):
        yield f"{name} should have been refused ({ask.flaw})."
    if ask.flaw or ask.dry:
        if count:
            yield f"{name} should have no job and has {count}."
    elif told.job_ids and (count < len(told.job_ids) if ask.forced else count != 1):
        yield f"{name} has {count} jobs."
    if could_ask and not (told.job_ids or told.refused or told.planned or ask.gives_up):
        yield f"{name} was never answered."
    if told.refused and not (ask.flaw or ask.after or _OVER_LIMIT in told.refused):
        yield f"{name} was refused for nothing: {told.refused}"
    for of, again in told.reruns.items():
        if len(again) > 1:
            yield f"The rerun of {of} was answered with {' and with '.join(sorted(again))}."


def kept_to_dropper(ask: Ask, world: World, count: int, dead: str) -> Iterator[str]:
    """What is wrong with what a drop led to: each version of it is a job, or an alert that says why not.
    `dead`: what nobody could work on.
    """
    if ask.name in dead:
        return
    told = {about for about, kind in world.told if kind == "REJECTED"}
    rejected = sum(ask.name in about for about in told | _in_floods(world))
    if count + rejected != ask.versions:
        yield f"{ask.name} ({ask.door}) of {ask.versions} versions has {count} jobs, {rejected} refusals."
    if count and not can_work(ask):
        yield f"{ask.name} ({ask.door}) should have been refused and has {count} jobs."
    if rejected and can_work(ask) and world.has_ample_budget:
        yield f"{ask.name} ({ask.door}) was refused for nothing."


def _in_floods(world: World) -> set[str]:
    """The drops that were refused in windows of which one alert told with a count."""
    return {
        about
        for window, drops in world.refused.items()
        if world.told[f"drops since {window[: len('2026-03-02T09:30')]}Z", "REJECTED"]
        for about in drops
    }


def told_wrongly(records: Mapping[str, JobRecord], world: World) -> Iterator[str]:
    """Alerts that nobody wanted, in channels that were muted or should not have been, or that never came."""
    for (about, kind), muted in world.muted.items():
        record = records.get(about)
        if record is None or kind not in _OF_A_JOB:
            continue
        wanted = record.alerts or AlertsWanted()
        if kind not in wanted.kinds:
            yield f"Nobody wanted the alert {kind} about {about}."
        if muted != frozenset(CHANNELS) - frozenset(wanted.channels):
            yield f"The alert {kind} about {about} was muted in {sorted(muted) or 'no channel'}."
    if any(queue.count("visible", "hidden") for queue in world.dead.values()):
        return
    for record in records.values():
        late = record.due_at and record.stopped_at and record.stopped_at - record.due_at > _HEARD_WITHIN
        kinds = (record.alerts or AlertsWanted()).kinds
        if late and "OVERDUE" in kinds and not world.told[record.results_id, "OVERDUE"]:
            yield f"Nobody was told that {record.job_id} is overdue."
