"""`pulse local replay`: recorded job events sent again to the AWS on this machine, in whatever order."""

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer
from rich.progress import track

from localaws.instance import Instance
from pulse.aws.client.replayed_jobs import ReplayedJobs
from pulse.aws.client.signed_api import SignedApi
from pulse.cli import output
from pulse.cli.exit_codes import ExitCode
from pulse.cli.local import recording, stacks
from pulse.cli.local.recording import Event, Job
from pulse.domain.fault import cut, printable_json
from pulse.domain.text.duration import in_words
from pulse.domain.validation import InvalidInput

SECONDS = 300
"""Patience with the function that takes the events: one that collides with another of its job comes again
after the queue's visibility timeout.
"""
COLUMNS = ("job", "events", "lost", "in order", "in the ledger", "")
SAME, WAITS, DIFFERS = "the same", "a lost event: the reconciler's", "DIFFERENT"
VALUE_CHARACTERS = 300

Lost = Annotated[float, typer.Option(min=0, max=1, help="The share of the events to lose, 0 to 1.")]
Doubled = Annotated[float, typer.Option(min=0, max=1, help="The share of the events to send twice, 0 to 1.")]
Keep = Annotated[
    bool,
    typer.Option("--keep", help="Keep the jobs in the ledger, where pulse list, cost and queue show them."),
]
Shuffle = Annotated[bool, typer.Option("--shuffle", help="Send the events in a random order.")]


def replay(  # noqa: PLR0913 - each is an option
    file: Annotated[Path, typer.Argument(help="Events as JSON: a list, or one a line.", dir_okay=False)],
    *,
    seed: Annotated[int, typer.Option(help="The same seed makes the same choices.")] = 0,
    drop: Lost = 0.0,
    double: Doubled = 0.0,
    shuffle: Shuffle = False,
    keep: Keep = False,
) -> None:
    """Replay recorded job events under new job ids, and compare how the jobs end.

    In whatever order its events come, a job that loses none must end in the ledger as if they had come in
    order. Times are moved so that the last event happens now; at the end the ledger forgets the jobs.
    """
    now = datetime.now(UTC)
    found, where = stacks.deployed_here()
    try:
        recorded = recording.read(file.read_text())
    except (InvalidInput, OSError, UnicodeDecodeError) as error:
        raise output.failed(str(error), ExitCode.USAGE) from None
    (queue,) = found.client("batch").describe_job_queues(jobQueues=[where.job_queue])["jobQueues"]
    age = recording.age(recorded, now=now)
    output.messages.print(_moved(age))
    present = recording.moved(recorded, age)
    run = uuid.uuid4().hex[:8]
    events = recording.renamed(present, run=run, queue_arn=queue["jobQueueArn"])
    jobs = recording.jobs(events, now=now)
    chance = Random(seed)  # noqa: S311 - to be repeatable is the point
    delivery = recording.delivery(events, chance, drop=drop, double=double, shuffle=shuffle)
    deliver(found, delivery.events)
    ledger = _ledger(SignedApi(where.api_url, found.session()))
    ends = [_End(job, delivery.lost[job.job_id], ledger(job.job_id)) for job in jobs]
    replayed = replayed_jobs(found, recording.ids_of(run))
    if (kept := replayed.kept()) and age > kept:
        output.messages.print(_expired(kept))
    if not keep:
        replayed.forget()
    output.table(output.data, COLUMNS, [end.row for end in ends])
    lost = delivery.lost.total()
    output.messages.print(
        f"{len(jobs)} jobs, {len(events)} events: {lost} lost, {delivery.doubled} doubled"
        + (", all shuffled." if shuffle else ".")
    )
    differing = [end for end in ends if end.verdict == DIFFERS]
    for end in differing:
        output.facts(end.job.name, [(name, _difference(*both)) for name, both in end.differences.items()])
    if differing:
        raise output.failed("Jobs ended in another state than in order. This is a bug: keep the seed.")


def deliver(found: Instance, events: tuple[Event, ...]) -> None:
    """Puts the events into the queue of on_job_event, and waits until it has taken them all."""
    sqs, url = found.client("sqs"), _queue_url(found)
    for event in track(events, "Telling the events", console=output.messages, transient=True):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline = time.monotonic() + SECONDS
    with output.messages.status("") as status:
        while time.monotonic() < deadline:
            answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
            left = sum(int(answer[name]) for name in counts)
            if not left:
                return
            status.update(f"Waiting for on_job_event, which has {left} events before it")
            time.sleep(0.2)
    raise output.failed(f"on_job_event did not take all events within {SECONDS} s. Its log says why.")


def replayed_jobs(found: Instance, begins: str) -> ReplayedJobs:
    table = _resource(found, stacks.STORAGE_STACK, "AWS::DynamoDB::Table", "")
    return ReplayedJobs(found.client("dynamodb"), table, begins)


def _queue_url(found: Instance) -> str:
    return _resource(found, stacks.OUTPUTS_STACK, "AWS::SQS::Queue", "OnJobEventEventsQueue")


def _resource(found: Instance, stack: str, kind: str, begins: str) -> str:
    """The physical id of the stack's first resource of this type whose logical id begins so."""
    resources = found.client("cloudformation").describe_stack_resources(StackName=stack)
    return next(
        str(resource["PhysicalResourceId"])
        for resource in resources["StackResources"]
        if resource["ResourceType"] == kind and resource["LogicalResourceId"].startswith(begins)
    )


def _ledger(api: SignedApi) -> Callable[[str], dict[str, Any]]:
    def job(job_id: str) -> dict[str, Any]:
        """What the API tells of a job; nothing of one that it does not know."""
        answer = api.call("GET", f"/jobs/{job_id}")
        return dict(answer.json()) if answer.is_success else {}

    return job


class _End:
    """How a job ended: `known` as the API tells it."""

    def __init__(self, job: Job, lost: int, known: dict[str, Any]) -> None:
        self.job, self._lost, self._known = job, lost, known
        self.differences = job.differences(known)

    @property
    def verdict(self) -> str:
        return SAME if not self.differences else WAITS if self._lost else DIFFERS

    @property
    def row(self) -> tuple[str, ...]:
        right, known = self.job.in_order.record, self._known
        return (
            self.job.name,
            str(self.job.events),
            str(self._lost or ""),
            _words(right.status, right.attempts),
            _words(known.get("status"), known.get("attempts", 0)),
            self.verdict,
        )


def _moved(age: timedelta) -> str:
    way = "back" if age < timedelta() else "forward"
    words = in_words(abs(age.total_seconds()))
    return f"The times of the events are moved {way} by {words}, so that the last of them is now."


def _expired(kept: timedelta) -> str:
    return (
        f"The recording is older than the ledger keeps its jobs ({in_words(kept.total_seconds())}): with "
        "their own times, they would have expired at once."
    )


def _words(status: str | None, attempts: int) -> str:
    return f"{status}, {attempts} attempt{'' if attempts == 1 else 's'}" if status else "unknown"


def _difference(found: Any, right: Any) -> str:
    found, right = (cut(printable_json(value), VALUE_CHARACTERS) for value in (found, right))
    return f"{found}, in order {right}"
