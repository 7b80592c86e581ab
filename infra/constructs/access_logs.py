"""The bucket of S3's server access logs: who read, wrote or deleted which object of the other buckets.

S3 writes them as it can, usually within hours: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
"""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.acknowledge import accept, acknowledge

_NO_END = "A log of the log would log itself, without end."


class AccessLogs(Construct):
    def __init__(self, scope: Construct, id_: str, *, days: int) -> None:
        """`days`: how long a log is kept. The bucket stays when its stack goes."""
        super().__init__(scope, id_)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=cdk.RemovalPolicy.RETAIN,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="expire",
                    expiration=cdk.Duration.days(days),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
                )
            ],
        )
        acknowledge(self.bucket, "S1", _NO_END)
        accept(
            self.bucket,
            {
                "CKV_AWS_18": _NO_END,
                "CKV_AWS_21": "Nobody but S3 writes here, each log once, and it is kept for some days only.",
            },
        )
