"""What happens with jobs, without state of its own: the functions, what calls them, and the alerts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import lambda_code
from infra.config.function_settings import Deployed, settings
from infra.config.model import Config
from infra.constructs.alerts import Alerts
from infra.constructs.caller_policies import CallerPolicies, allow_reading_tags
from infra.constructs.cancel_job import CancelJob
from infra.constructs.event_queue import EventQueue
from infra.constructs.get_job import GetJob
from infra.constructs.http_api import DEFAULT_ROUTE, HttpApi
from infra.constructs.monitoring import Monitoring
from infra.constructs.on_job_event import OnJobEvent
from infra.constructs.reconcile_jobs import ReconcileJobs
from infra.constructs.send_alert import SendAlert
from infra.constructs.submit_job import SubmitJob
from infra.stacks.compute import ComputeStack
from infra.stacks.elsewhere import Elsewhere
from infra.stacks.storage import StorageStack


class JobsStack(cdk.Stack):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Config,
        env: cdk.Environment,
        storage: StorageStack,
        compute: ComputeStack,
    ) -> None:
        super().__init__(scope, id_, env=env, description="Pulse: submitting, following and telling of jobs")
        self._config = config
        there = Elsewhere(self, "Elsewhere", config=config, storage=storage, compute=compute)
        alerts = Alerts(self, "Alerts", config=config.alerts, sender=config.names.sender)
        self.topic, self.alarms = alerts.topic, alerts.alarms
        deployed = Deployed(
            ledger_table=there.ledger.table_name,
            data_bucket=there.data_bucket.bucket_name,
            results_bucket=there.results_bucket.bucket_name,
            alerts_topic=self.topic.topic_arn,
            log_group=there.training_logs.log_group_name,
            queues=there.queue_arns,
            definitions=there.definition_arns,
            fargate_environments=there.fargate_environments,
        )
        function: dict[str, Any] = {
            "config": config.functions,
            "code": _code(config),
            "settings": settings(config, deployed),
        }
        taking: dict[str, Any] = function | {"alerts": alerts.topic, "alarms": alerts.alarms}
        queue_arns = list(there.queue_arns.values())

        submit_job = SubmitJob(
            self,
            "SubmitJob",
            **taking,
            data_bucket=there.data_bucket,
            ledger=there.ledger,
            queue_arns=queue_arns,
            definitions=compute.definition_names,
        )
        drops = submit_job.drops.queue
        with_reruns = replace(deployed, reruns_queue=drops.queue_url)
        on_job_event = OnJobEvent(
            self,
            "OnJobEvent",
            **taking
            | {
                "settings": lambda schedules: settings(
                    config, replace(with_reruns, overdue_schedules=schedules)
                )
            },
            results_bucket=there.results_bucket,
            ledger=there.ledger,
            training_logs=there.training_logs,
            queue_arns=queue_arns,
            reruns_queue_arn=drops.queue_arn,
            metrics_files=config.metrics_files,
            on_instances=config.has_ec2,
        )
        event_queues = {"Drops": submit_job.drops, "Events": on_job_event.queue}
        functions = {"submit_job": submit_job.function, "on_job_event": on_job_event.function}
        if config.alerts.slack:
            send_alert = SendAlert(self, "SendAlert", **taking, slack=config.alerts.slack)
            event_queues["Alerts"] = send_alert.queue
            functions["send_alert"] = send_alert.function
        with_events = replace(with_reruns, job_events_queue=on_job_event.queue.queue.queue_url)
        reconcile_jobs = ReconcileJobs(
            self,
            "ReconcileJobs",
            **function | {"settings": settings(config, with_events)},
            every=cdk.Duration.minutes(config.reconcile.every_minutes),
            ledger=there.ledger,
            job_events_arn=on_job_event.queue.queue.queue_arn,
            submissions_arn=drops.queue_arn,
        )
        functions["reconcile_jobs"] = reconcile_jobs.function
        cancel_job = CancelJob(self, "CancelJob", **function, ledger=there.ledger)
        get_job = GetJob(
            self,
            "GetJob",
            **function,
            ledger=there.ledger,
            training_logs=there.training_logs,
            queue_arns=queue_arns,
        )
        functions |= {"cancel_job": cancel_job.function, "get_job": get_job.function}
        api = HttpApi(
            self, "HttpApi", config=config.api, log_retention_days=config.functions.log_retention_days
        )
        api.serve(submit_job.function, "POST /jobs", "POST /jobs/{id}/rerun")
        api.serve(cancel_job.function, "POST /jobs/{id}/cancel")
        api.serve(
            get_job.function,
            "GET /jobs",
            "GET /jobs/{id}",
            "GET /jobs/{id}/logs",
            "GET /queue",
            "GET /costs",
            "GET /trainings",
            "GET /openapi.json",
            DEFAULT_ROUTE,
        )
        for each in functions.values():
            each.add_environment("POWERTOOLS_METRICS_NAMESPACE", config.names.metrics_namespace)
        if config.api.managed_policies:
            CallerPolicies(self, "CallerPolicies", api_id=api.id, queues=list(event_queues.values()))
        if config.access.needs_tags:
            allow_reading_tags([submit_job.function, cancel_job.function, get_job.function])
        Monitoring(
            self,
            "Monitoring",
            namespace=config.names.metrics_namespace,
            functions=functions,
            queues=event_queues,
            api=api,
            alarms=alerts.alarms,
        )
        self._outputs(api.url, event_queues, deployed)

    def _outputs(self, url: str, queues: Mapping[str, EventQueue], deployed: Deployed) -> None:
        """What clients need: `pulse local env` and the README name them, and `pulse queue redrive` the dead
        letters.
        """
        fifo, fair = (
            next(
                name
                for name, queue in self._config.queues.items()
                if (queue.fair_share is not None) is shared
            )
            for shared in (False, True)
        )
        values = {
            "ApiUrl": url,
            "DataBucket": deployed.data_bucket,
            "ResultsBucket": deployed.results_bucket,
            "JobQueue": fifo,
            "FairShareQueue": fair,
            "JobDefinition": deployed.definitions["FARGATE"],
            "LedgerTable": deployed.ledger_table,
            "AlertsTopic": self.topic.topic_arn,
            "AlarmsTopic": self.alarms.topic_arn,
            **{f"{name}DeadLetters": queue.dead_letters.queue_arn for name, queue in queues.items()},
        }
        for name, value in values.items():
            cdk.CfnOutput(self, name, value=value)


def _code(config: Config) -> lambda_.Code:
    folder = lambda_code.build_for(config.functions, config.described)
    # Named after what it is made from: compiled files may differ in bytes and mean the same.
    return lambda_.Code.from_asset(str(folder), asset_hash=folder.name)
