"""submit_job and what calls it: dropped data sets and requests, jobs that died of memory, the HTTP API."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.config.model import Functions
from infra.constructs.acknowledge import acknowledge, acknowledge_wildcards
from infra.constructs.event_queue import EventQueue, prefixes
from infra.constructs.use_case_function import UseCaseFunction
from pulse.domain.s3.layout import DATASETS, REQUESTS
from pulse.settings import Settings

DROPS = (DATASETS, REQUESTS)
HISTORY = ("by_profile", "by_dataset")
NAMES = "by_day"
"""The index by which a job that is not named by its id is found."""
"""The ledger's indexes in which earlier runs are found."""


class SubmitJob(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Functions,
        code: lambda_.Code,
        settings: Settings,
        data_bucket: s3.IBucket,
        ledger: dynamodb.ITable,
        queue_arns: Sequence[str],
        definitions: Sequence[str],
        alerts: sns.ITopic,
        alarms: sns.ITopic,
    ) -> None:
        """`queue_arns`: our job queues. `definitions` are names, because functions in flight submit earlier
        revisions too.
        """
        super().__init__(scope, id_)
        use_case = UseCaseFunction(
            self,
            "UseCase",
            use_case="submit_job",
            config=config,
            code=code,
            settings=settings,
            description="Plans a job from a request or a dropped data set and submits it to AWS Batch",
        )
        self.function = use_case.function
        self._allow_jobs(use_case, queue_arns, definitions)
        self._allow_data(use_case, data_bucket)
        use_case.allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], ledger.table_arn)
        use_case.allow(
            ["dynamodb:Query"], *(f"{ledger.table_arn}/index/{index}" for index in (*HISTORY, NAMES))
        )
        alerts.grant_publish(self.function)

        self.drops = EventQueue(self, "Drops", consumer=config.submit_job, alarms=alarms)
        self.drops.feed(self.function, max_concurrency=config.submit_job.max_concurrency)
        self.drops.add_rule(
            "ObjectCreated",
            "Data sets and requests dropped into the data bucket",
            events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [data_bucket.bucket_name]}, "object": {"key": prefixes(DROPS)}},
            ),
        )

    def _allow_jobs(
        self, use_case: UseCaseFunction, queue_arns: Sequence[str], definitions: Sequence[str]
    ) -> None:
        """SubmitJob on any revision (the L2's grant allows only the newest), the tags of jobs, and finding a
        job by its name.
        """
        stack = cdk.Stack.of(self)
        revisions = [_arn(stack, "job-definition", f"{name}:*") for name in definitions]
        use_case.allow(["batch:SubmitJob"], *revisions, *queue_arns)
        use_case.allow(["batch:TagResource"], *revisions, _arn(stack, "job", "*"))
        use_case.allow(["batch:ListJobs"], "*")
        acknowledge(
            use_case.role, "IAM5[Resource::*]", "ListJobs, which finds a job by its name, knows no resource."
        )
        earlier = "Functions in flight hold earlier revisions."
        acknowledge_wildcards(
            use_case.role,
            {
                **{f"job-definition/{name}:*": earlier for name in definitions},
                ":job/*": "A job's id is AWS Batch's answer.",
            },
        )

    def _allow_data(self, use_case: UseCaseFunction, bucket: s3.IBucket) -> None:
        """Requests that were dropped, and a look at the data sets of requests that leave their size to it."""
        use_case.allow(
            ["s3:GetObject", "s3:GetObjectVersion"],
            *(bucket.arn_for_objects(f"{folder}*") for folder in (REQUESTS, DATASETS)),
        )
        # Without a condition on the prefix, by which S3 would answer 403 for an object that is not there:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        use_case.allow(["s3:ListBucket"], bucket.bucket_arn)
        acknowledge_wildcards(
            use_case.role,
            {
                f"/{REQUESTS}*": "Requests are read wherever they were dropped below it.",
                f"/{DATASETS}*": "Any data set may be asked to be trained on.",
            },
        )


def _arn(stack: cdk.Stack, resource: str, name: str) -> str:
    return stack.format_arn(service="batch", resource=resource, resource_name=name)
