"""What a deployed stack tells its clients: CloudFormation outputs."""

import boto3
from botocore.exceptions import ClientError

from pulse.aws.errors import as_domain_errors, code

_NO_SUCH_STACK = "ValidationError"
"""DescribeStacks' own code for a name that is not there."""


def outputs(session: boto3.Session, stack: str) -> dict[str, str] | None:
    """The stack's outputs by name, None when there is no such stack in the session's account and region.

    Needs `cloudformation:DescribeStacks`. Raises Misconfigured when denied, Unavailable.
    """
    with as_domain_errors(f"Reading the outputs of the stack {stack}"):
        try:
            (found,) = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if code(error) == _NO_SUCH_STACK:
                return None
            raise
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
