"""Keeps what the functions log and measure to itself: a million of their lines help nobody."""

import logging
import os
from collections import Counter
from collections.abc import Iterator
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
_LOGGED = ("append_keys", "remove_keys", "debug", "info", "warning", "error", "exception")


@contextmanager
def silence(counted: Counter[str]) -> Iterator[None]:
    """While it lasts, the functions log nothing, and what they measure is only counted, by its name."""

    def nothing(*_: Any, **__: Any) -> None:
        """Even of what a log line would hold."""

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
        ):
            yield
    finally:
        logging.disable(before)
