"""GitHub Actions deploys without stored keys, and nobody else does so: neither another repository, nor a run
outside the environment.
"""

import pytest

from tests.infra.templates import text

ISSUER = "token.actions.githubusercontent.com"


def role(synthesis):
    return synthesis.resources("IAM::Role")["DeployRole"]


@pytest.mark.parametrize("name", ["everything", "isolated"])
def test_only_runs_in_the_environment_of_the_repository_may_assume_it(synthesize, name):
    [statement] = role(synthesize(name))["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": f"repo:owner/pulse:environment:{name}",
        }
    }


def test_it_may_only_become_one_of_the_cdk_s_own_roles(synthesize):
    policies = synthesize("everything").resources("IAM::Policy")
    [statement] = policies["DeployRoleDefaultPolicy"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
    assert text(statement["Resource"]) == "arn:aws:iam::111122223333:role/cdk-*-eu-central-1"
    assert role(synthesize("everything"))["MaxSessionDuration"] == 3600


def test_the_provider_is_made_once_in_an_account(synthesize):
    [provider] = synthesize("everything").resources("IAM::OIDCProvider").values()
    assert (provider["Url"], provider["ClientIdList"]) == (f"https://{ISSUER}", ["sts.amazonaws.com"])
    isolated = synthesize("isolated")
    assert isolated.resources("IAM::OIDCProvider") == {}
    [statement] = role(isolated)["AssumeRolePolicyDocument"]["Statement"]
    assert text(statement["Principal"]["Federated"]).endswith(f":oidc-provider/{ISSUER}")


def test_nobody_deploys_so_unless_the_configuration_says_who(local):
    assert "DeployRole" not in local.resources("IAM::Role")
    assert local.resources("IAM::OIDCProvider") == {}
