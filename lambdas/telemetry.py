"""Structured logs and EMF metrics, the same for all functions."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

NAMESPACE = "Pulse"


def of(function: str) -> tuple[Logger, Metrics]:
    """The logger and the metrics of the function of this name."""
    return Logger(service=function), Metrics(namespace=NAMESPACE, service=function)


def count(metrics: Metrics, name: str) -> None:
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
