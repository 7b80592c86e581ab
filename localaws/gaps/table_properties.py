"""Table properties of a template that MiniStack drops: time to live and point-in-time recovery.

And an update of a global table (the CDK's TableV2) with a generated name must not replace it: MiniStack's
would, since it does not tell the logical id from which the name came.
"""

from collections.abc import Callable
from typing import Any

from localaws.gaps import templates
from localaws.ministack.patching import use


def install() -> None:
    templates.after("AWS::DynamoDB::Table", _apply)
    templates.rewrap("AWS::DynamoDB::GlobalTable", update=_under_its_name)
    templates.after("AWS::DynamoDB::GlobalTable", lambda name, new, old: _apply(name, _flat(new), _flat(old)))


def _under_its_name(original: Callable[..., Any]) -> Callable[..., Any]:
    def update(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any) -> Any:
        named = {"TableName": physical_id}
        return original(physical_id, {**named, **old}, {**named, **new}, *rest)

    return update


def _apply(table: str, new: dict[str, Any], old: dict[str, Any]) -> None:
    spec = new.get("TimeToLiveSpecification")
    before = old.get("TimeToLiveSpecification")
    if spec or before:
        wanted = {**(spec or before or {}), "Enabled": _true((spec or {}).get("Enabled"))}
        answer = use("services.dynamodb._update_ttl")({"TableName": table, "TimeToLiveSpecification": wanted})
        templates.expect_success("Time to live", answer)
    recovery = new.get("PointInTimeRecoverySpecification") or {}
    if recovery or old.get("PointInTimeRecoverySpecification"):
        wanted = {"PointInTimeRecoveryEnabled": _true(recovery.get("PointInTimeRecoveryEnabled"))}
        answer = use("services.dynamodb._update_continuous_backups")(
            {"TableName": table, "PointInTimeRecoverySpecification": wanted}
        )
        templates.expect_success("Point-in-time recovery", answer)


def _flat(properties: dict[str, Any]) -> dict[str, Any]:
    """A global table declares point-in-time recovery in each replica; here there is one."""
    replica = (properties.get("Replicas") or [{}])[0]
    return {**properties, **{k: v for k, v in replica.items() if k == "PointInTimeRecoverySpecification"}}


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
