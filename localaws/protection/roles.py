"""May a role do this? Asked where AWS uses a role on a user's behalf, and MiniStack does not ask."""

from typing import Any

from localaws.ministack.patching import use


def denial(
    role_arn: str,
    session: str,
    action: str,
    resource_arn: str,
    conditions: dict[str, str] | None = None,
) -> str | None:
    """AWS's sentence for the refusal, None when the role (or the resource's own policy) allows it.
    `conditions`: values of condition keys, which are in lower case.
    """
    account, _, role_path = role_arn.partition("::")[2].partition(":role/")
    role = role_path.rpartition("/")[2]
    principal = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
    question = use("core.iam_evaluator.EvalContext")(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource_arn,
        region=resource_arn.split(":")[3],
        service_context=conditions or {},
    )
    limits = use("core.iam_evaluator._permissions_boundary")(use("services.iam._roles"), role, account)
    policies = use("core.iam_evaluator._gather_role_policies")(role, account)
    answer: Any = use("core.iam_evaluator.evaluate")(question, policies, *limits)
    resource_policy = use("core.iam_evaluator._resource_policy")(action.partition(":")[0], resource_arn)
    if resource_policy is not None:
        answer = use("core.iam_evaluator.combine_resource_policy")(
            answer, question, *resource_policy, limits=limits
        )
    if answer.decision == "Allow":
        return None
    why = "with an explicit deny" if answer.decision == "Deny" else "because no policy allows the action"
    return f"{principal} is not authorized to perform: {action} on resource: {resource_arn} {why}"
