"""What an account has, as `pulse doctor` asks for it. Only reads."""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from pulse.aws.errors import as_domain_errors, code
from pulse.domain.doctor import QueueState

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

_NOT_THERE = {"ParameterNotFound", "ResourceNotFoundException", "NoSuchResourceException"}
_BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
FARGATE_QUOTAS = {"Fargate vCPU": "L-3032A538", "Fargate Spot vCPU": "L-36FBB829"}
"""https://docs.aws.amazon.com/general/latest/gr/ecs-service.html#limits_fargate"""


class Account:
    """Every method raises Misconfigured when denied, Unavailable when AWS cannot be asked."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session

    def identity(self) -> tuple[str, str]:
        """The account and the ARN of the credentials."""
        with as_domain_errors("Asking whose credentials these are"):
            found = self._client("sts").get_caller_identity()
        return found["Account"], found["Arn"]

    def bootstrap_version(self) -> str | None:
        with as_domain_errors("Looking for the CDK's bootstrap stack"):
            try:
                return str(self._client("ssm").get_parameter(Name=_BOOTSTRAP)["Parameter"]["Value"])
            except ClientError as error:
                if code(error) in _NOT_THERE:
                    return None
                raise

    def quota(self, service: str, quota_code: str) -> float:
        """The account's own, or the default of the service."""
        client = self._client("service-quotas")
        with as_domain_errors("Reading a quota"):
            try:
                found = client.get_service_quota(ServiceCode=service, QuotaCode=quota_code)
            except ClientError as error:
                if code(error) not in _NOT_THERE:
                    raise
                found = client.get_aws_default_service_quota(ServiceCode=service, QuotaCode=quota_code)
        return float(found["Quota"]["Value"])

    def concurrency(self) -> int:
        with as_domain_errors("Reading the account's settings of Lambda"):
            limit = self._client("lambda").get_account_settings()["AccountLimit"]
        return int(limit["ConcurrentExecutions"])

    def confirmed(self, topic_arn: str) -> set[str]:
        """The e-mail addresses whose subscription to a topic is confirmed."""
        with as_domain_errors("Listing the subscriptions of a topic"):
            pages = (
                self._client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
            )
            return {
                each["Endpoint"]
                for page in pages
                for each in page["Subscriptions"]
                if each["Protocol"] == "email" and each["SubscriptionArn"].startswith("arn:")
            }

    def has_secret(self, name: str) -> bool:
        """Whether it is there and has a value, which is not read."""
        with as_domain_errors(f"Looking for the secret {name}"):
            try:
                found = self._client("secretsmanager").describe_secret(SecretId=name)
            except ClientError as error:
                if code(error) in _NOT_THERE:
                    return False
                raise
        return not found.get("DeletedDate") and bool(found.get("VersionIdsToStages"))

    def queues(self, names: Iterable[str]) -> dict[str, QueueState]:
        """Those that are there, by name."""
        with as_domain_errors("Describing job queues"):
            found: list[Any] = list(self._batch.describe_job_queues(jobQueues=[*names])["jobQueues"])
            return {queue["jobQueueName"]: self._state(queue) for queue in found}

    def _state(self, queue: Any) -> QueueState:
        arns = [each["computeEnvironment"] for each in queue["computeEnvironmentOrder"]]
        described = self._batch.describe_compute_environments(computeEnvironments=arns)["computeEnvironments"]
        faulty = {
            str(
                each["computeEnvironmentName"]
            ): f"{each['status']}, {each['state']}. {each.get('statusReason', '')}"
            for each in described
            if (each["status"], each["state"]) != ("VALID", "ENABLED")
        }
        usable = (queue["status"], queue["state"]) == ("VALID", "ENABLED")
        return QueueState(usable, f"{queue['status']}, {queue['state']}", faulty)

    @cached_property
    def _batch(self) -> "BatchClient":
        client: BatchClient = self._client("batch")
        return client

    def _client(self, service: Any) -> Any:
        return self._session.client(service)
