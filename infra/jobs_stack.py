"""What happens with jobs, without state of its own: the functions, what calls them, and the alerts."""

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import lambda_code
from infra.compute_stack import ComputeStack
from infra.config_model import Config, Functions
from infra.constructs.alerts import Alerts
from infra.constructs.http_api import HttpApi
from infra.constructs.on_job_event import OnJobEvent
from infra.constructs.send_alert import SendAlert
from infra.constructs.submit_job import SubmitJob
from infra.function_settings import Deployed, settings
from infra.storage_stack import StorageStack


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
        self._config, self._storage, self._compute = config, storage, compute
        alerts = Alerts(self, "Alerts", config=config.alerts)
        self.topic = alerts.topic
        code = _code(config.functions)
        environment = settings(config, self._deployed()).to_env()
        queues = list(compute.queues.values())

        submit_job = SubmitJob(
            self,
            "SubmitJob",
            config=config.functions,
            code=code,
            environment=environment,
            data_bucket=storage.data_bucket,
            ledger=storage.ledger,
            queues=queues,
            definitions=compute.training.definition_names,
            definition_fingerprint=compute.training.fingerprint,
            storage_fingerprint=storage.fingerprint,
            alerts=self.topic,
        )
        OnJobEvent(
            self,
            "OnJobEvent",
            config=config.functions,
            code=code,
            environment=environment,
            results_bucket=storage.results_bucket,
            ledger=storage.ledger,
            queue_arns=[queue.job_queue_arn for queue in queues],
            alerts=self.topic,
        )
        if config.alerts.slack:
            SendAlert(
                self,
                "SendAlert",
                config=config.functions,
                code=code,
                environment=environment,
                slack=config.alerts.slack,
                alerts=self.topic,
            )
        api = HttpApi(
            self, "HttpApi", config=config.api, log_retention_days=config.functions.log_retention_days
        )
        api.add_route(apigateway.HttpMethod.POST, "/jobs", submit_job.function)
        self._outputs(api.url)

    def _deployed(self) -> Deployed:
        storage, compute = self._storage, self._compute
        return Deployed(
            ledger_table=storage.ledger.table_name,
            data_bucket=storage.data_bucket.bucket_name,
            results_bucket=storage.results_bucket.bucket_name,
            alerts_topic=self.topic.topic_arn,
            log_group=compute.training.log_group.log_group_name,
            queues={name: queue.job_queue_arn for name, queue in compute.queues.items()},
            definitions={on: one.job_definition_arn for on, one in compute.definitions.items()},
        )

    def _outputs(self, url: str) -> None:
        """What clients need: `pulse local env` and the README name them."""
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
            "DataBucket": self._storage.data_bucket.bucket_name,
            "ResultsBucket": self._storage.results_bucket.bucket_name,
            "JobQueue": fifo,
            "FairShareQueue": fair,
            "JobDefinition": self._compute.definitions["FARGATE"].job_definition_arn,
            "LedgerTable": self._storage.ledger.table_name,
            "AlertsTopic": self.topic.topic_arn,
        }
        for name, value in values.items():
            cdk.CfnOutput(self, name, value=value)


def _code(functions: Functions) -> lambda_.Code:
    folder = lambda_code.build(
        runtime=functions.runtime, architecture=functions.architecture, bundle_for=functions.bundle_for
    )
    return lambda_.Code.from_asset(str(folder))
