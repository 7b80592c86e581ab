"""Pulse as it is deployed, in the simulation: its functions with their queues, table, buckets and topic, the
AWS Batch that runs its jobs, and the Slack and the inbox that hear of them.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lambdas import cancel_job, get_job, on_job_event, reconcile_jobs, send_alert, submit_job
from pulse.aws.ledger.items import REFUSALS
from pulse.settings import Settings
from tests.simulation import deployment
from tests.simulation.attributes import Item
from tests.simulation.batch_service import BatchService
from tests.simulation.containers import Containers
from tests.simulation.deployment import DEFINITIONS, JOB_QUEUES
from tests.simulation.dynamodb import Table
from tests.simulation.dynamodb_table import Key
from tests.simulation.event_source import EventSource
from tests.simulation.eventbridge import EventBridge
from tests.simulation.http_events import event_of, function_of
from tests.simulation.kernel import Invocation, Kernel
from tests.simulation.logs import Logs
from tests.simulation.s3 import S3
from tests.simulation.s3_bucket import Bucket
from tests.simulation.scheduler import Scheduler
from tests.simulation.silence import silence
from tests.simulation.sns import Email, Published, Topic
from tests.simulation.sqs import SQS
from tests.simulation.sqs_queue import Queue
from tests.simulation.webhook import Webhook
from tests.simulation.wiring import Context, subject_of, wired

MAX_RECEIVES, BATCH_SIZE, VISIBILITY_FACTOR = 5, 5, 6
"""Of the queues, as infra/constructs/event_queue.py has them."""
LIVES = {"submit_job": 28.0, "cancel_job": 28.0, "get_job": 28.0, "on_job_event": 30.0, "send_alert": 30.0}
RECONCILER_LIVES, RECONCILED_EVERY = 300.0, 300.0
CONCURRENCY = {"submit_job": 5, "on_job_event": 10, "send_alert": 2}
LOST_EVENTS = 0.01
MOST_SKEW_SECONDS = 1.0
"""By which the clocks of two functions may differ."""
HANDLERS: dict[str, Any] = {
    "submit_job": submit_job.handler,
    "cancel_job": cancel_job.handler,
    "get_job": get_job.handler,
    "on_job_event": on_job_event.handler,
    "send_alert": send_alert.handler,
    "reconcile_jobs": reconcile_jobs.handler,
}


class World:
    """`published`: for each alert, what it is about and its kind, the invocations that published it, in their
    order, and by which of their calls; `told`: how often the topic took it; `muted`: in which channels it is
    not to arrive. `died`: the
    invocations that ended in the middle. `answers`: how often the API was asked what, and answered so.
    `counted`: how often the functions measured something, by its name.
    `undone`: why an invocation was not done with a message, by their names.
    `requests`: how often somebody came to a door, as a caller or with an object.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.requests = 0
        self.dead = {name: Queue(kernel, f"dead-{name}") for name in ("drops", "events", "alerts")}
        timeouts = {"drops": 28.0, "events": 30.0, "alerts": 30.0}
        self.queues = {
            name: Queue(
                kernel,
                name,
                visibility_seconds=VISIBILITY_FACTOR * seconds,
                max_receives=MAX_RECEIVES,
                dead_letters=self.dead[name],
            )
            for name, seconds in timeouts.items()
        }
        # Of some seeds, answers to queries have many pages.
        self.table = Table(page_bytes=2 ** (12 + int(9 * kernel.chance("page"))))
        self.refused: defaultdict[str, set[str]] = defaultdict(set)
        self.table.watchers.append(self._note_refusal)
        self.inbox: list[Email] = []
        self.slack = Webhook(kernel)
        self.published: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        self.told: Counter[tuple[str, str]] = Counter()
        self.muted: dict[tuple[str, str], frozenset[str]] = {}
        self.died: set[str] = set()
        self.counted: Counter[str] = Counter()
        self.answers: Counter[tuple[str, int]] = Counter()
        self.failed: list[Invocation] = []
        self.undone: dict[tuple[str, str], type[BaseException | None]] = {}
        self.topic = Topic(kernel, "alerts")
        self.topic.email(self.inbox, {"skip_email": [{"exists": False}]})
        self.topic.feed(self.queues["alerts"], {"skip_slack": [{"exists": False}]})
        self.topic.watchers.append(self._note_alert)
        self.bus = EventBridge(kernel, lost=LOST_EVENTS)
        self.data = Bucket(kernel, "pulse-data", versioned=True, on_created=self._created)
        self.results = Bucket(kernel, "pulse-results")
        every = [*self.queues.values(), *self.dead.values()]
        self.sqs, self.s3 = SQS(kernel, every), S3(kernel, [self.data, self.results])
        self.logs = Logs(kernel)
        containers = Containers(kernel, self.s3, self.results, self.logs)
        self.fleet = containers.fleet
        self.batch = BatchService(
            kernel,
            JOB_QUEUES,
            DEFINITIONS,
            lambda event: self.bus.deliver(event, self.queues["events"], best_effort=True),
            run=containers.run,
            exited=containers.end,
        )
        self.batch.watchers.append(
            lambda job: kernel.tell("AWS Batch", f"{job.name} ({job.id}) is {job.status} {job.status_reason}")
        )
        self.scheduler = Scheduler(kernel, every, groups=("pulse",))
        self._reconciled = 0

    @property
    def settings(self) -> Settings:
        return deployment.settings(
            self.kernel,
            table=self.table.name,
            buckets=(self.data.name, self.results.name),
            topic=self.topic.arn,
            drops_url=self.queues["drops"].url,
            events_url=self.queues["events"].url,
            events_arn=self.queues["events"].arn,
            dead_arn=self.dead["events"].arn,
        )

    def _note_refusal(self, key: Key, _before: Item | None, after: Item | None) -> None:
        """Which drops were refused in each window."""
        if key[0] == REFUSALS and after is not None:
            self.refused[key[1]].add(after["last"]["S"])

    @property
    def has_ample_budget(self) -> bool:
        """Whether the month's budget is more than is asked for."""
        return deployment.budget_usd(self.kernel) == deployment.AMPLE_USD

    @contextmanager
    def deployed(self) -> Iterator[None]:
        """While it lasts, the functions are wired to this world."""
        with silence(self.counted, self._note_failure), wired(self, self.settings):
            self._feed("submit_job", "drops")
            self._feed("on_job_event", "events")
            self._feed("send_alert", "alerts")
            self.kernel.after(RECONCILED_EVERY, self._reconcile)
            yield

    def call(  # noqa: PLR0913, PLR0917 - a call's parts
        self,
        name: str,
        method: str,
        path: str,
        body: str,
        headers: Mapping[str, str],
        hear: Callable[[dict[str, Any] | None], None],
    ) -> None:
        """Calls the HTTP API; `hear` gets the answer, or None when the function died."""

        def ended(one: Invocation) -> None:
            self.answers[method, one.answer["statusCode"] if one.answer else 0] += 1
            hear(one.answer)

        self.requests += 1
        event = event_of(method, path, body, headers)
        self._start(function_of(method, path), name, event, ended)

    def drop(self, key: str, body: bytes) -> None:
        """Puts an object into the data bucket that asks for something."""
        self.requests += 1
        self.data.put(key, body)

    def _feed(self, function: str, queue: str) -> None:
        EventSource(
            self.kernel,
            self.queues[queue],
            function=function,
            handle=lambda event: HANDLERS[function](event, Context(self.kernel)),
            batch_size=BATCH_SIZE,
            max_concurrency=CONCURRENCY[function],
            lives=LIVES[function],
            skew=self._skew,
            watch=self._note,
        )

    def _start(self, function: str, name: str, event: Any, ended: Callable[[Invocation], None]) -> None:
        def note(one: Invocation) -> None:
            self._note(one)
            ended(one)

        self.kernel.start(
            name,
            lambda: HANDLERS[function](event, Context(self.kernel)),
            note,
            skew=self._skew(name),
            lives=LIVES.get(function, RECONCILER_LIVES),
        )

    def _note_failure(self, message_id: str, why: BaseException | None) -> None:
        self.undone[self.kernel.place[0], message_id] = type(why)

    def _note_alert(self, message: Published) -> None:
        self.told[subject_of(json.loads(message.text("sqs")))] += 1

    def _note(self, one: Invocation) -> None:
        if one.has_died:
            self.died.add(one.name)
        if one.error is not None:
            self.failed.append(one)

    def _reconcile(self) -> None:
        self._reconciled += 1
        self._start("reconcile_jobs", f"reconcile {self._reconciled}", {}, lambda _: None)
        self.kernel.after(RECONCILED_EVERY, self._reconcile)

    def _skew(self, name: str) -> float:
        return MOST_SKEW_SECONDS * (self.kernel.chance("skew", name) - 0.5)

    def _created(self, event: dict[str, Any]) -> None:
        self.queues["drops"].put(json.dumps(event))
