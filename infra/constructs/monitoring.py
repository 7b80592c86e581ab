"""What is seen of Pulse: one dashboard, from a call or a drop to the alert, and the alarms on it.

The alarms of dead letters are `event_queue`'s. Our own metrics are named as in `lambdas/common/telemetry.py`,
which infra does not import; a test compares them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import aws_cdk as cdk
import cdk_monitoring_constructs as monitoring
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.event_queue import EventQueue
from infra.constructs.http_api import HttpApi

MANY_FAILED = 5
"""Failed jobs in an hour. Each has an alert of its own; so many together have one cause."""
OLD_SECONDS = 1800
"""A message is received five times at most, 180 s apart: what is much older is not taken at all."""
_HOUR = cdk.Duration.hours(1)
_GRAPH_WIDTH = 6  # of 24 columns: the pipeline is two lines of four graphs

Shown = cloudwatch.Metric | cloudwatch.MathExpression | monitoring.CustomMetricWithAlarm


class Limit(NamedTuple):
    """When an alarm is raised, and what a person reads then: what it means and what to do next."""

    at_least: int
    means: str
    next_step: str


ERRORS = Limit(
    1,
    "it raised an error, ran out of its time, or out of memory.",
    "Read the last ERROR lines of its log group. What came from a queue is delivered again.",
)
THROTTLES = Limit(
    1,
    "Lambda did not run it, because the account's or its own concurrency is used up.",
    "Raise the account's quota of concurrent executions. What came from a queue is delivered again.",
)
OLD_MESSAGES = Limit(
    OLD_SECONDS,
    "messages have waited for half an hour: the function that takes them does not keep up, or cannot run.",
    "Look at its errors and throttles on the dashboard, and at the queue's event source mapping.",
)
SERVER_ERRORS = Limit(
    1,
    "calls of the HTTP API were answered with 5xx.",
    "Read the API's access log (error, integrationError) and the log of the route's function. A call with an "
    "Idempotency-Key can be repeated without a second job.",
)
DRIFT = Limit(
    1,
    "AWS Batch had got further with jobs than the ledger knew: events were lost, or are not handled.",
    "Look at the Events queue's oldest message and dead letters, and at on_job_event's errors; the log of "
    "reconcile_jobs names the jobs, which are being repaired.",
)
FAILED_JOBS = Limit(
    MANY_FAILED,
    "many jobs failed within an hour, probably for one reason.",
    "Look at the causes on the dashboard (Ended); each job's alert has the advice.",
)


class Monitoring(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        namespace: str,
        functions: Mapping[str, lambda_.IFunction],
        queues: Mapping[str, EventQueue],
        api: HttpApi,
        alarms: sns.ITopic,
    ) -> None:
        """`namespace`: of our own metrics. `functions` and `queues` by the names that people read; `queues`
        has "Drops".
        """
        super().__init__(scope, id_)
        self._namespace = namespace
        self._stack = cdk.Stack.of(self).stack_name
        facade = monitoring.MonitoringFacade(
            self,
            "Facade",
            alarm_factory_defaults=monitoring.AlarmFactoryDefaults(
                alarm_name_prefix=self._stack,
                actions_enabled=True,
                action=monitoring.SnsAlarmActionStrategy(on_alarm_topic=alarms),
                datapoints_to_alarm=1,
            ),
            dashboard_factory=monitoring.DefaultDashboardFactory(
                self,
                "Dashboards",
                dashboard_name_prefix=self._stack,
                detail_dashboard_range=cdk.Duration.days(1),
            ),
        )
        rows = {
            "From a call or a drop to the alert": self._pipeline(_of_aws(api), queues["Drops"]),
            "Queues": self._queues(queues),
            "Functions": self._functions(functions),
        }
        for title, graphs in rows.items():
            facade.monitor_custom(
                human_readable_name=title,
                alarm_friendly_name=title,
                metric_groups=[_graph(name, metrics) for name, metrics in graphs.items()],
            )

    def _pipeline(self, api: apigateway.IHttpApi, drops: EventQueue) -> dict[str, list[Shown]]:
        server_errors = api.metric_server_error(statistic="sum", label="5xx")
        failed = self._job("Failed", period=_HOUR)
        return {
            "Calls": [
                api.metric_count(statistic="sum", label="calls"),
                api.metric_client_error(statistic="sum", label="4xx"),
                self._watched(server_errors, "HTTP API 5xx", SERVER_ERRORS),
            ],
            "Drops": [drops.queue.metric_number_of_messages_sent(label="drops and reruns")],
            "Submitted": [self._ours("Submitted", "submit_job"), self._ours("Duplicates", "submit_job")],
            "Queue wait (seconds)": self._spread("QueueWait"),
            "Running time (seconds)": self._spread("Runtime"),
            "Ended": [
                self._job("Succeeded", period=_HOUR),
                self._watched(failed, "many failed jobs", FAILED_JOBS),
                self._causes(),
            ],
            "Cost (US dollars)": [self._job("CostUsd")],
            "Alerts": [
                self._ours("AlertsSent", service, label=service) for service in ("on_job_event", "submit_job")
            ],
        }

    def _queues(self, queues: Mapping[str, EventQueue]) -> dict[str, list[Shown]]:
        return {
            "Age of the oldest message (seconds)": [
                self._watched(
                    queue.queue.metric_approximate_age_of_oldest_message(statistic="max", label=name),
                    f"{name} queue, old messages",
                    OLD_MESSAGES,
                )
                for name, queue in queues.items()
            ],
            "Dead letters": [
                queue.dead_letters.metric_approximate_number_of_messages_visible(statistic="max", label=name)
                for name, queue in queues.items()
            ],
            "Drift (jobs)": [self._watched(self._ours("Drift", "reconcile_jobs"), "ledger drift", DRIFT)],
        }

    def _functions(self, functions: Mapping[str, lambda_.IFunction]) -> dict[str, list[Shown]]:
        return {
            "Errors": [
                self._watched(each.metric_errors(label=name), f"{name}, errors", ERRORS)
                for name, each in functions.items()
            ],
            "Throttles": [
                self._watched(each.metric_throttles(label=name), f"{name}, throttles", THROTTLES)
                for name, each in functions.items()
            ],
            "Duration, 95th percentile (milliseconds)": [
                each.metric_duration(statistic="p95", label=name) for name, each in functions.items()
            ],
        }

    def _watched(
        self, metric: cloudwatch.Metric, name: str, limit: Limit
    ) -> monitoring.CustomMetricWithAlarm:
        """The metric with its alarm, whose name is the subject of the e-mail."""
        threshold = monitoring.CustomThreshold(
            threshold=limit.at_least,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data_override=cloudwatch.TreatMissingData.NOT_BREACHING,
            override_annotation_visibility=False,  # one line for each function would hide the graph
            alarm_name_override=f"{self._stack}: {name}",
            alarm_description_override=f"{name}: {limit.means} {limit.next_step}",
        )
        return monitoring.CustomMetricWithAlarm(
            metric=metric, alarm_friendly_name=name, add_alarm={"Alarm": threshold}
        )

    def _ours(
        self,
        name: str,
        service: str,
        *,
        label: str | None = None,
        statistic: str = "sum",
        period: cdk.Duration | None = None,
    ) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=self._namespace,
            metric_name=name,
            dimensions_map={"service": service},
            statistic=statistic,
            label=label or name,
            period=period,
        )

    def _job(self, name: str, *, period: cdk.Duration | None = None) -> cloudwatch.Metric:
        return self._ours(name, "on_job_event", period=period)

    def _spread(self, name: str) -> list[Shown]:
        labels = {"p50": "median", "p95": "95th percentile"}
        return [self._ours(name, "on_job_event", statistic=at, label=label) for at, label in labels.items()]

    def _causes(self) -> cloudwatch.MathExpression:
        """Failed jobs, a line for each cause, also for one that has not been seen yet."""
        schema = f"{{{self._namespace},service,cause}}"
        return cloudwatch.MathExpression(
            expression=f"SEARCH('{schema} MetricName=\"Failed\"', 'Sum', {_HOUR.to_seconds():g})",
            using_metrics={},
            label="${PROP('Dim.cause')}",
            period=_HOUR,
        )


def _of_aws(api: HttpApi) -> apigateway.HttpApi:
    """AWS's construct inside ours, which knows its metrics."""
    found = api.node.find_child("Api")
    assert isinstance(found, apigateway.HttpApi)  # noqa: S101 - for the type checker
    return found


def _graph(title: str, metrics: Sequence[Shown]) -> monitoring.CustomMetricGroup:
    return monitoring.CustomMetricGroup(title=title, metrics=metrics, graph_widget_width=_GRAPH_WIDTH)
