"""Clients with time-outs that fit a function, made when they are first wanted. They are botocore's: nothing
that boto3 adds is used here, and a cold start would wait for its import.
"""

# mypy: disable-error-code="no-any-return"
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
SUBMIT_READ_TIMEOUT_SECONDS = 10
_RETRYING = Config(
    connect_timeout=CONNECT_TIMEOUT_SECONDS,
    read_timeout=READ_TIMEOUT_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 3},
)
# SubmitJob and Publish have no client token: a second try after a lost answer would be a second job or alert.
_ONCE = Config(
    connect_timeout=CONNECT_TIMEOUT_SECONDS,
    read_timeout=SUBMIT_READ_TIMEOUT_SECONDS,
    retries={"total_max_attempts": 1},
)


@cache
def session() -> botocore.session.Session:
    """Keeps the service models that its clients share."""
    return botocore.session.get_session()


def batch() -> "BatchClient":
    return _client("batch", _ONCE)


def batch_reading() -> "BatchClient":
    """Retries by itself: never to be used for SubmitJob."""
    return _client("batch", _RETRYING)


def dynamodb() -> "DynamoDBClient":
    return _client("dynamodb", _RETRYING)


def ec2() -> "EC2Client":
    return _client("ec2", _RETRYING)


def ecs() -> "ECSClient":
    return _client("ecs", _RETRYING)


def iam() -> "IAMClient":
    return _client("iam", _RETRYING)


def logs() -> "CloudWatchLogsClient":
    return _client("logs", _RETRYING)


def s3() -> "S3Client":
    return _client("s3", _RETRYING)


def scheduler() -> "EventBridgeSchedulerClient":
    return _client("scheduler", _RETRYING)


def secretsmanager() -> "SecretsManagerClient":
    return _client("secretsmanager", _RETRYING)


def sns() -> "SNSClient":
    """Tries once: a second try after a lost answer would be a second alert, and the queue tries again."""
    return _client("sns", _ONCE)


def sqs() -> "SQSClient":
    return _client("sqs", _RETRYING)


def _client(service: str, config: Config) -> Any:
    return session().create_client(service, config=config)
