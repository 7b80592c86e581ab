"""What is delivered in a round: calls, batches of drops, batches of job events; mixed, some of them twice."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random

from tests.local.fault_proxy import DONE_BUT_500, RULES
from tests.local.fault_requests import Asked, api_event, created_event, sqs_event
from tests.local.fault_worker import KILLS, Fault, Invocation
from tests.local.fault_world import BUCKET

KINDS = (*RULES, DONE_BUT_500, *KILLS)
_SOON = (timedelta(0), timedelta(seconds=70))
"""When a second delivery comes: at once, or when the first's lease is over and its job perhaps unlisted."""
_MOST_DROPS, _MOST_EVENTS = 3, 10
_TWICE_PERCENT, _LATE_PERCENT = 20, 5
_CALLS = 4
"""That one submission makes: its file is read, it is claimed, submitted and settled."""


def submissions(asked: Mapping[str, Asked], waiting: Collection[str], random: Random) -> list[Invocation]:
    """Whatever waits, a part of it twice and at once; and of what has its answer, a few late deliveries."""
    names = [name for name in asked if name in waiting or random.randrange(100) < _LATE_PERCENT]
    calls = [asked[name] for name in names if asked[name].by_api]
    drops = [asked[name] for name in names if not asked[name].by_api]
    random.shuffle(drops)
    made = [Invocation("submit_job", api_event(one), (one.name,)) for one in calls]
    while drops:
        size = random.randint(1, _MOST_DROPS)
        batch, drops = drops[:size], drops[size:]
        event = sqs_event([created_event(one, BUCKET) for one in batch])
        made.append(Invocation("submit_job", event, tuple(one.name for one in batch)))
    return made


def job_events(bodies: list[str], random: Random) -> list[Invocation]:
    """In any order, a part of them twice."""
    bodies = bodies + [body for body in bodies if random.randrange(100) < _TWICE_PERCENT]
    random.shuffle(bodies)
    batches = [bodies[start : start + _MOST_EVENTS] for start in range(0, len(bodies), _MOST_EVENTS)]
    return [
        Invocation("on_job_event", sqs_event([*batch]), tuple(_named(body) for body in batch))
        for batch in batches
    ]


def arranged(
    made: list[Invocation], *, fault_percent: int, later: timedelta, random: Random
) -> Iterator[Invocation]:
    """In random order, with faults; a second delivery comes at the same moment, or a minute later."""
    random.shuffle(made)
    for invocation in made:
        yield _faulty(replace(invocation, later=later), fault_percent, random)
        if invocation.function == "submit_job" and random.randrange(100) < _TWICE_PERCENT:
            again = replace(invocation, later=later + random.choice(_SOON), twice=True)
            yield _faulty(again, fault_percent, random)


def bodies(invocations: Iterable[Invocation]) -> list[str]:
    return [record["body"] for invocation in invocations for record in invocation.event["Records"]]


def _faulty(invocation: Invocation, percent: int, random: Random) -> Invocation:
    if random.randrange(100) >= percent:
        return invocation
    call = random.randrange(_CALLS * len(invocation.requests))
    return replace(invocation, fault=Fault(random.choice(KINDS), call, attempts=random.choice((1, 3))))


def _named(body: str) -> str:
    """The request whose job an event is about."""
    command = json.loads(body)["detail"]["container"]["command"]
    dataset = next(word for word in command if word.startswith("datasets/"))
    return dataset.removeprefix("datasets/").removesuffix(".csv")
