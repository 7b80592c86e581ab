"""Keeps what the functions log and measure to itself: a million of their lines help nobody."""

import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import MagicMock, patch

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from lambdas.common import telemetry

_ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "function",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_LOGGED = ("append_keys", "remove_keys", "debug", "info")
_LOGGED_OF_FAILURES = ("warning", "error", "exception")


@contextmanager
def silence(counted: Counter[str], failed: Callable[[str, BaseException | None], None]) -> Iterator[None]:
    """While it lasts, the functions log nothing, and what they measure is only counted, by its name. `failed`
    gets the id of each message that is not done with, and why.
    """

    def nothing(*_: Any, **__: Any) -> None:
        """Even of what a log line would hold."""

    def note(*_: Any, message_id: str = "", **__: Any) -> None:
        if message_id:
            failed(message_id, sys.exc_info()[1])

    def count(_: object, name: str, *__: Any, **___: Any) -> None:
        counted[name] += 1

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            patch.dict(os.environ, _ENVIRONMENT),
            patch.object(telemetry, "single_metric", MagicMock()),
            patch.object(AmazonCloudWatchEMFProvider, "add_metric", count),
            patch.object(AmazonCloudWatchEMFProvider, "flush_metrics", nothing),
            patch.multiple(Logger, **dict.fromkeys(_LOGGED, nothing)),
            patch.multiple(Logger, **dict.fromkeys(_LOGGED_OF_FAILURES, note)),
        ):
            yield
    finally:
        logging.disable(before)
