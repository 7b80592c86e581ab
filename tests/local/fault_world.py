"""What the functions of the fault-injection run work with: ledger, bucket, a queue whose jobs stand still."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from localaws.instance import Instance
from pulse.domain.catalogue.catalogue import Queue
from pulse.domain.catalogue.trigger import Trigger
from pulse.domain.request.defaults import RequestDefaults
from pulse.domain.request.profile import Profile
from pulse.settings import Settings
from tests.local.fault_requests import Asked
from tests.prices import PRICES

BUCKET, TABLE = "pulse-faults", "ledger"
PAGE = 100
SQS_MOST = 10


@dataclass(frozen=True)
class Job:
    batch_job_id: str
    name: str
    pulse_job_id: str
    dataset: str


class World:
    """The resources in `found`, made by its own clients: no fault reaches them."""

    def __init__(self, found: Instance):
        self.found = found
        names = ("batch", "dynamodb", "s3", "sqs", "events")
        self.batch, self.table, self.s3, self.sqs, self._bus = (found.client(name) for name in names)
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        keys = {"pk": "HASH", "sk": "RANGE"}
        self.table.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        self.queue_arn = self._queue()
        self.definition_arn = self._definition()
        self.events_url = self._listen()

    @property
    def settings(self) -> Settings:
        return Settings(
            ledger_table=TABLE,
            data_bucket=BUCKET,
            results_bucket=BUCKET,
            job_definition=self.definition_arn,
            queues={"still": Queue(arn=self.queue_arn)},
            profiles={"small": Profile(vcpus=1, memory_mib=2048, timeout_seconds=3600, queue="still")},
            request_defaults=RequestDefaults(profile="small", variables=("spx_close",)),
            triggers=(Trigger(suffix=".csv", profile="small"),),
            alerts_topic="arn:aws:sns:us-east-1:000000000000:alerts",
            prices=PRICES,
            # Its repetitions come after minutes of the functions' clock, and are meant.
            idempotency_window_seconds=86_400,
        )

    def dropped(self, asked: Asked) -> Asked:
        """The request with the version of its object, which exists if anybody reads it."""
        if asked.door != "request file":
            return replace(asked, version_id=f"version-of-{asked.name}")
        answer = self.s3.put_object(Bucket=BUCKET, Key=f"requests/{asked.name}.json", Body=asked.body)
        return replace(asked, version_id=answer["VersionId"])

    def new_events(self) -> list[str]:
        """What EventBridge delivered since the last call, as the queue holds it."""
        bodies = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.events_url, MaxNumberOfMessages=SQS_MOST
        ).get("Messages"):
            bodies += [message["Body"] for message in messages]
            entries = [
                {"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]}
                for i, message in enumerate(messages)
            ]
            self.sqs.delete_message_batch(QueueUrl=self.events_url, Entries=entries)
        return bodies

    def jobs(self) -> dict[str, list[Job]]:
        """By the data set that they were told to read; of an array the parent only."""
        pages = self.batch.get_paginator("list_jobs").paginate(
            jobQueue=self.queue_arn, filters=[{"name": "AFTER_CREATED_AT", "values": ["0"]}]
        )
        ids = [job["jobId"] for page in pages for job in page["jobSummaryList"]]
        found = defaultdict(list)
        for start in range(0, len(ids), PAGE):
            for detail in self.batch.describe_jobs(jobs=ids[start : start + PAGE])["jobs"]:
                job = _job(detail)
                found[job.dataset].append(job)
        return found

    def records(self) -> dict[str, dict[str, str]]:
        """The ledger's records of jobs, by job id; text attributes only."""
        pages = self.table.get_paginator("scan").paginate(TableName=TABLE)
        items = [item for page in pages for item in page["Items"]]
        return {
            item["job_id"]["S"]: {name: typed["S"] for name, typed in item.items() if "S" in typed}
            for item in items
            if item["sk"]["S"] == "RECORD"
        }

    def told_of(self, asked: Asked) -> Iterator[str]:
        """What AWS Batch lists of a request, and what the ledger holds of it."""
        yield from (f"AWS Batch: {job}" for job in self.jobs()[asked.dataset])
        yield from (
            f"the ledger: {record}"
            for record in self.records().values()
            if record.get("dataset") == asked.dataset
        )

    def _queue(self) -> str:
        self.batch.create_compute_environment(
            computeEnvironmentName="off",
            type="MANAGED",
            state="DISABLED",
            computeResources={
                "type": "FARGATE",
                "maxvCpus": 4,
                "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"],
            },
        )
        order = [{"order": 1, "computeEnvironment": "off"}]
        made = self.batch.create_job_queue(jobQueueName="still", priority=1, computeEnvironmentOrder=order)
        return str(made["jobQueueArn"])

    def _definition(self) -> str:
        amounts = {"VCPU": "1", "MEMORY": "2048"}
        made = self.batch.register_job_definition(
            jobDefinitionName="never-runs",
            type="container",
            platformCapabilities=["FARGATE"],
            containerProperties={
                "image": "none",
                "executionRoleArn": "arn:aws:iam::000000000000:role/none",
                "resourceRequirements": [{"type": kind, "value": value} for kind, value in amounts.items()],
            },
        )
        return str(made["jobDefinitionArn"])

    def _listen(self) -> str:
        """A queue that gets what on_job_event's gets."""
        url = self.sqs.create_queue(QueueName="events")["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        pattern = {"source": ["aws.batch"], "detail-type": ["Batch Job State Change"]}
        self._bus.put_rule(Name="jobs", EventPattern=json.dumps(pattern))
        self._bus.put_targets(Rule="jobs", Targets=[{"Id": "queue", "Arn": attributes["QueueArn"]}])
        return str(url)


def _job(detail: dict[str, Any]) -> Job:
    command = detail["container"]["command"]
    environment = {pair["name"]: pair["value"] for pair in detail["container"]["environment"]}
    return Job(
        batch_job_id=detail["jobId"],
        name=detail["jobName"],
        pulse_job_id=environment["PULSE_JOB_ID"],
        dataset=next(word for word in command if word.startswith("datasets/")),
    )
