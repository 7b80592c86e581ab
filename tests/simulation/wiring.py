"""Puts the clients, the clock and the chance of a simulated world in place of AWS's and the machine's."""

import json
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from recursive_training.data import s3

from lambdas.common import sqs_batch
from lambdas.wiring import get_job as query_wiring
from lambdas.wiring import on_job_event as event_wiring
from lambdas.wiring import reconcile_jobs as reconcile_wiring
from lambdas.wiring import shared
from pulse.aws import clients, secrets, webhook
from pulse.aws.ledger import items, table
from pulse.domain.request.job_request import JobRequest
from pulse.domain.text import redaction
from pulse.services.submit.submit_job import SubmitJob
from pulse.settings import Settings
from tests.simulation.account import ACCOUNT, REGION
from tests.simulation.batch import Batch
from tests.simulation.dynamodb import DynamoDB
from tests.simulation.instances import EC2, ECS
from tests.simulation.items import Once
from tests.simulation.kernel import Kernel
from tests.simulation.secretsmanager import SecretsManager
from tests.simulation.sns import SNS

if TYPE_CHECKING:
    from tests.simulation.world import World

_CACHED = [
    value
    for module in (shared, event_wiring, query_wiring, reconcile_wiring)
    for value in vars(module).values()
    if hasattr(value, "cache_clear")
]

_MOST_KEPT = 10_000


class Context:
    """What AWS Lambda tells a function of its invocation."""

    function_name, memory_limit_in_mb, aws_request_id = "function", 512, "request"
    invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function"

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * self._kernel.remaining_seconds)


class _Publishing(SNS):
    """The SNS client of the functions: notes who published what, and to whom it may not go."""

    def __init__(self, world: "World") -> None:
        super().__init__(world.kernel, [world.topic])
        self._world = world

    def publish(self, **request: Any) -> dict[str, Any]:
        alert = json.loads(json.loads(request["Message"])["sqs"])
        one = subject_of(alert)
        name, calls = self._world.kernel.place
        self._world.published[one].append((name, calls + 1))
        self._world.kernel.tell(name, f"tells: {alert['kind']} about {one[0]}: {alert.get('reason', '')}")
        skipped = (found for found in request.get("MessageAttributes", {}) if found.startswith("skip_"))
        self._world.muted[one] = frozenset(found.removeprefix("skip_") for found in skipped)
        return super().publish(**request)


def subject_of(alert: dict[str, Any]) -> tuple[str, str]:
    """What an alert is about, and its kind."""
    return alert.get("about") or alert.get("job_id", ""), alert["kind"]


@contextmanager
def wired(world: "World", settings: Settings) -> Iterator[None]:
    """While it lasts, the functions are wired to this world."""
    patches = [patch.object(*one) for one in _replaced(world, settings)]
    for one in _CACHED:
        one.cache_clear()
    try:
        for one in patches:
            one.start()
        yield
    finally:
        for one in patches:
            one.stop()
        for one in _CACHED:
            one.cache_clear()


def _replaced(world: "World", settings: Settings) -> list[tuple[Any, str, Any]]:
    """What is replaced: where, under which name, by what."""
    kernel = world.kernel
    chance = types.SimpleNamespace(
        uniform=lambda low, high: low + (high - low) * kernel.drawn_here("pause") / 2**64,
        randint=lambda low, high: low + kernel.drawn_here("pause") % (high - low + 1),
    )
    named: list[tuple[Any, str, Callable[..., Any]]] = [
        (shared, "settings", lambda: settings),
        (shared, "now", kernel.time),
        (shared, "random_hex", lambda: f"{kernel.drawn_here('hex') % 2**32:08x}"),
        (shared, "pause_up_to", lambda seconds: kernel.sleep(chance.uniform(0, seconds))),
        (shared, "pause_at_least", kernel.sleep),
        (secrets, "Secret", partial(secrets.Secret, clock=lambda: kernel.now)),
        (webhook, "Webhook", lambda: world.slack),
    ]
    return [
        *_clients(world),
        *named,
        # The same texts and requests come again and again.
        (redaction, "_without_secrets", lru_cache(maxsize=_MOST_KEPT)(redaction._without_secrets)),
        (SubmitJob, "read", _reading_once(SubmitJob.read)),
        (items, "record_of", Once(items.record_of)),
        (items, "unfinished_of", Once(items.unfinished_of)),
        (items, "cost_of", Once(items.cost_of)),
        (table, "time", types.SimpleNamespace(sleep=kernel.sleep)),
        (table, "random", chance),
        (sqs_batch, "random", chance),
        (s3, "time", types.SimpleNamespace(sleep=lambda _: None)),
    ]


def _reading_once(
    read: Callable[[SubmitJob, object], JobRequest],
) -> Callable[[SubmitJob, object], JobRequest]:
    """Reads a request once, however often it comes: what is valid depends on nothing but the deployment."""
    kept: dict[str, JobRequest] = {}

    def once(submit_job: SubmitJob, raw: object) -> JobRequest:
        text = repr(raw)
        if text not in kept:
            kept[text] = read(submit_job, raw)
        return kept[text]

    return once


def _clients(world: "World") -> list[tuple[Any, str, Any]]:
    kernel = world.kernel
    dynamodb, notified = DynamoDB(kernel, world.table), _Publishing(world)
    once, reading = Batch(kernel, world.batch, once=True), Batch(kernel, world.batch)
    kept = SecretsManager(kernel, {"slack": "https://hooks.slack.com/services/x"})
    found = {
        "dynamodb": dynamodb,
        "batch": once,
        "batch_reading": reading,
        "s3": world.s3,
        "sns": notified,
        "sqs": world.sqs,
        "scheduler": world.scheduler,
        "secretsmanager": kept,
        "logs": world.logs,
        "ecs": ECS(kernel, world.fleet),
        "ec2": EC2(kernel, world.fleet),
    }
    return [(clients, name, lambda client=client: client) for name, client in found.items()]
