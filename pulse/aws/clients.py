"""boto3 clients with time-outs that fit a function, made when they are first wanted."""

from typing import TYPE_CHECKING

import boto3
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


def batch() -> "BatchClient":
    return boto3.client("batch", config=_ONCE)


def batch_reading() -> "BatchClient":
    """Retries by itself: never to be used for SubmitJob."""
    return boto3.client("batch", config=_RETRYING)


def dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb", config=_RETRYING)


def ec2() -> "EC2Client":
    return boto3.client("ec2", config=_RETRYING)


def ecs() -> "ECSClient":
    return boto3.client("ecs", config=_RETRYING)


def iam() -> "IAMClient":
    return boto3.client("iam", config=_RETRYING)


def logs() -> "CloudWatchLogsClient":
    return boto3.client("logs", config=_RETRYING)


def s3() -> "S3Client":
    return boto3.client("s3", config=_RETRYING)


def scheduler() -> "EventBridgeSchedulerClient":
    return boto3.client("scheduler", config=_RETRYING)


def secretsmanager() -> "SecretsManagerClient":
    return boto3.client("secretsmanager", config=_RETRYING)


def sns() -> "SNSClient":
    """Tries once: a second try after a lost answer would be a second alert, and the queue tries again."""
    return boto3.client("sns", config=_ONCE)


def sqs() -> "SQSClient":
    return boto3.client("sqs", config=_RETRYING)
