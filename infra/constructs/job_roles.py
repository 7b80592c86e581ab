"""The roles of a training's containers: what they may do themselves, and what starts them."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.acknowledge import acknowledge, acknowledge_wildcards
from pulse.domain.s3.layout import CHECKPOINTS, DATASETS, MANIFEST, RESULTS, claim_keys, results_prefix

WRITTEN_ONCE = [*claim_keys("*", None), results_prefix("*") + MANIFEST]
"""What a run, a shard and a combination of a sweep write once: `*` stands for slashes, too."""


def job_role(scope: Construct, data: s3.IBucket, results: s3.IBucket) -> iam.Role:
    """Reads data, and writes and reads results."""
    role = _role(scope, "JobRole", "What the training may do: read data, write and read results")
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["s3:ListBucket"],
            resources=[data.bucket_arn],
            conditions={"StringLike": {"s3:prefix": f"{DATASETS}*"}},
        )
    )
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["s3:GetObject", "s3:GetObjectVersion"],
            resources=[data.arn_for_objects(f"{DATASETS}*")],
        )
    )
    role.add_to_policy(
        # Read: a claim that another job has written, what the children of an array wrote, and how far an
        # earlier attempt came.
        iam.PolicyStatement(
            actions=["s3:GetObject", "s3:PutObject"],
            resources=[results.arn_for_objects(f"{folder}*") for folder in (RESULTS, CHECKPOINTS)],
        )
    )
    # A job may create what vouches for a run, and nobody's job may write it again.
    role.add_to_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=["s3:PutObject"],
            resources=[results.arn_for_objects(key) for key in WRITTEN_ONCE],
            conditions={"Null": {"s3:if-none-match": "true"}},
        )
    )
    acknowledge_wildcards(
        role,
        {
            f"/{DATASETS}*": "A job reads whichever data sets were dropped there.",
            f"/{RESULTS}*": "Each job writes below its own id there, known only when it is submitted.",
            f"/{CHECKPOINTS}*": "So it does here while it runs.",
        },
    )
    return role


def execution_role(scope: Construct) -> iam.Role:
    """Pulls the image and writes the log."""
    role = _role(scope, "ExecutionRole", "What AWS Batch uses to start the container")
    acknowledge(
        role,
        "IAM5[Resource::*]",
        "ecr:GetAuthorizationToken knows no resource; all else of this role is scoped.",
    )
    return role


def _role(scope: Construct, id_: str, description: str) -> iam.Role:
    return iam.Role(
        scope, id_, assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"), description=description
    )
