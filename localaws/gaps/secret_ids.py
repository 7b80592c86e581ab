"""CloudFormation's Ref of a secret is its ARN; MiniStack's is its name, which no `grant_read` matches."""

from collections.abc import Callable
from typing import Any

from localaws.gaps import templates
from localaws.ministack.patching import use


def install() -> None:
    templates.rewrap("AWS::SecretsManager::Secret", create=_create, update=_update, delete=_delete)


def _create(original: Callable[..., Any]) -> Callable[..., Any]:
    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        return _by_arn(original(logical_id, properties, stack))

    return create


def _update(original: Callable[..., Any]) -> Callable[..., Any]:
    def update(physical_id: str, *rest: Any) -> Any:
        return _by_arn(original(_name(physical_id), *rest))

    return update


def _delete(original: Callable[..., Any]) -> Callable[..., Any]:
    def delete(physical_id: str, properties: dict[str, Any]) -> Any:
        return original(_name(physical_id), properties)

    return delete


def _by_arn(made: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    return made[1]["Id"], made[1]


def _name(physical_id: str) -> str:
    key, _ = use("services.secretsmanager._resolve")(physical_id)
    return key or physical_id
