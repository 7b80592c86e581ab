"""What other stacks say, each thing read once when a stack is deployed."""

import hashlib
import json

from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.config.model import Bucket


class ReadOnce(Construct):
    """CloudFormation looks a reference to another stack up wherever it stands in a template, and is throttled
    from some dozens on (https://github.com/aws/aws-cdk/issues/38010). So each stands in a parameter of
    Systems Manager, once, and all else reads that.
    """

    def value(self, name: str, reference: str, *, changes_with: object) -> str:
        """What `reference` is when deployed. `changes_with`: the configuration that it changes with, as JSON
        can hold it: a template that looks the same is not deployed, whatever the reference has become.
        """
        description = f"As of {_fingerprint(changes_with)}"
        return ssm.StringParameter(self, name, string_value=reference, description=description).string_value

    def bucket(self, name: str, there: s3.IBucket, config: Bucket) -> s3.IBucket:
        """A bucket of another stack: all else of it follows from its name."""
        known = self.value(f"{name}Bucket", there.bucket_name, changes_with=config.name)
        return s3.Bucket.from_bucket_name(self, name, known)


def _fingerprint(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
