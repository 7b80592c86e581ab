"""IAM for those who call the HTTP API: managed policies to attach to roles and groups (README.md has the same
statements), and reading the tags by which the configuration tells callers apart.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.acknowledge import acknowledge_wildcards
from infra.constructs.event_queue import EventQueue

READING = ("GET/*",)
SUBMITTING = (*READING, "POST/jobs", "POST/jobs/*/rerun", "POST/jobs/*/cancel")
ROUTES = {"Viewers": READING, "Submitters": SUBMITTING, "Operators": SUBMITTING}
"""Methods and paths as IAM writes them. Whose jobs a call reaches is `access` in the configuration."""
_TAGS = {"role": "iam:ListRoleTags", "user": "iam:ListUserTags"}


class CallerPolicies(Construct):
    def __init__(self, scope: Construct, id_: str, *, api_id: str, queues: Sequence[EventQueue]) -> None:
        """`queues`: those whose dead letters operators move back (`pulse queue redrive`)."""
        super().__init__(scope, id_)
        self.policies = {who: self._policy(who, routes, api_id) for who, routes in ROUTES.items()}
        self.policies["Operators"].add_statements(
            iam.PolicyStatement(
                actions=[
                    "sqs:GetQueueUrl",
                    "sqs:GetQueueAttributes",
                    "sqs:ListDeadLetterSourceQueues",
                    "sqs:ListMessageMoveTasks",
                    "sqs:StartMessageMoveTask",
                    "sqs:ReceiveMessage",
                    "sqs:DeleteMessage",
                ],
                resources=[queue.dead_letters.queue_arn for queue in queues],
            ),
            iam.PolicyStatement(
                actions=["sqs:GetQueueAttributes", "sqs:SendMessage"],
                resources=[queue.queue.queue_arn for queue in queues],
            ),
        )

    def _policy(self, who: str, routes: Sequence[str], api_id: str) -> iam.ManagedPolicy:
        policy = iam.ManagedPolicy(self, who, description=f"Pulse: what {who.lower()} may ask the HTTP API")
        stack = cdk.Stack.of(self)
        arns = [
            stack.format_arn(service="execute-api", resource=api_id, resource_name=f"*/{route}")
            for route in routes
        ]
        policy.add_statements(iam.PolicyStatement(actions=["execute-api:Invoke"], resources=arns))
        acknowledge_wildcards(
            policy, {f"/*/{route}": "Any stage, and any job's id in a path." for route in routes}
        )
        return policy


def allow_reading_tags(functions: Sequence[lambda_.Function]) -> None:
    """The tags of any role and user of the account: whoever calls may be any of them."""
    for function in functions:
        for kind, action in _TAGS.items():
            resource = cdk.Stack.of(function).format_arn(
                service="iam", region="", resource=kind, resource_name="*"
            )
            function.add_to_role_policy(iam.PolicyStatement(actions=[action], resources=[resource]))
        assert isinstance(function.role, iam.Role)  # noqa: S101 - for the type checker
        acknowledge_wildcards(
            function.role, {f":{kind}/*": "Whoever calls may be any of them." for kind in _TAGS}
        )
