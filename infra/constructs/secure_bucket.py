"""A private, versioned, encrypted bucket that takes TLS only and keeps its objects when its stack goes."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.config.model import Bucket
from infra.constructs.acknowledge import accept, acknowledge

_NO_ACCESS_LOGS = (
    "Access is logged where the configuration asks for it (buckets.access_log_days); CloudTrail data events, "
    "in the account's own trail, tell more."
)
_LONGEST_JOB_DAYS = 14
"""https://docs.aws.amazon.com/batch/latest/userguide/fargate.html"""


class SecureBucket(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Bucket,
        logs: s3.IBucket | None = None,
        events: bool = False,
        passing: str | None = None,
    ) -> None:
        """`logs`: where S3 logs who reads and writes. `events`: tell EventBridge of every object. `passing`:
        the prefix of what nobody needs when its job is over.
        """
        super().__init__(scope, id_)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=config.name,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            server_access_logs_bucket=logs,
            server_access_logs_prefix=f"{id_.lower()}/" if logs else None,
            removal_policy=cdk.RemovalPolicy.RETAIN if config.retain else cdk.RemovalPolicy.DESTROY,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="tidy",
                    noncurrent_version_expiration=cdk.Duration.days(config.noncurrent_expiration_days),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(config.abort_multipart_days),
                    expired_object_delete_marker=True,
                ),
                *([_passing(passing)] if passing else []),
            ],
        )
        if events:
            # The L2's event_bridge_enabled adds a custom resource with a function of its own.
            resource = self.bucket.node.default_child
            assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - for the type checker
            resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
                event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                    event_bridge_enabled=True
                )
            )
        if logs is None:
            acknowledge(self.bucket, "S1", _NO_ACCESS_LOGS)
            accept(self.bucket, {"CKV_AWS_18": _NO_ACCESS_LOGS})


def _passing(prefix: str) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="passing",
        prefix=prefix,
        expiration=cdk.Duration.days(_LONGEST_JOB_DAYS),
        noncurrent_version_expiration=cdk.Duration.days(1),
    )
