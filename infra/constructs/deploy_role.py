"""The role in which GitHub Actions deploys: assumed with the token of a run, so that no key is stored.

https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.config.deployment import GitHub
from infra.constructs.acknowledge import acknowledge_wildcards

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
_BOOTSTRAPPED = "cdk-*"
"""The roles that `cdk bootstrap` makes, in which the CDK deploys, publishes and looks things up."""


class DeployRole(Construct):
    def __init__(self, scope: Construct, id_: str, *, config: GitHub) -> None:
        """Only runs in one environment of one repository may assume it: whoever may start one there, may
        deploy. It may do nothing itself but become one of the CDK's own roles.
        """
        super().__init__(scope, id_)
        who = {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subject(config)}
        self.role = iam.Role(
            self,
            "Role",
            description="Deploys Pulse from GitHub Actions",
            assumed_by=iam.WebIdentityPrincipal(self._provider(config), {"StringEquals": who}),
            max_session_duration=cdk.Duration.hours(1),
        )
        stack = cdk.Stack.of(self)
        roles = stack.format_arn(
            service="iam", region="", resource="role", resource_name=f"{_BOOTSTRAPPED}-{stack.region}"
        )
        self.role.add_to_policy(iam.PolicyStatement(actions=["sts:AssumeRole"], resources=[roles]))
        acknowledge_wildcards(
            self.role, {f":role/{_BOOTSTRAPPED}-{stack.region}": "cdk bootstrap chooses these roles' names."}
        )
        cdk.CfnOutput(self, "Arn", value=self.role.role_arn, description="AWS_DEPLOY_ROLE of the workflow")

    def _provider(self, config: GitHub) -> str:
        stack = cdk.Stack.of(self)
        if config.provider_exists:
            return stack.format_arn(service="iam", region="", resource="oidc-provider", resource_name=ISSUER)
        # The L2 makes a custom resource with a function of its own.
        return iam.CfnOIDCProvider(
            self, "Provider", url=f"https://{ISSUER}", client_id_list=[AUDIENCE]
        ).attr_arn


def subject(config: GitHub) -> str:
    """Whom the token of a run in that environment is for, to the letter: no wildcard lets others in."""
    return f"repo:{config.repository}:environment:{config.environment}"
