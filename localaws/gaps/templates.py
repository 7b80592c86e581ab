"""Changing how CloudFormation makes one type of resource: before, after, or where there was nothing."""

from collections.abc import Callable
from typing import Any

from localaws.ministack.patching import use

Properties = dict[str, Any]

_handlers: dict[str, dict[str, Any]] = use("services.cloudformation.provisioners._RESOURCE_HANDLERS")
_physical_name = use("services.cloudformation.provisioners._physical_name")


def before(resource_type: str, change: Callable[[Properties], Properties]) -> None:
    """`change` maps the template's properties to those that MiniStack understands."""
    handler = _handlers[resource_type]
    create, update = handler["create"], handler["update"]

    def changed_create(logical_id: str, properties: Properties, stack: str) -> Any:
        return create(logical_id, change(properties), stack)

    def changed_update(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        return update(physical_id, change(old), change(new), *rest)

    handler.update(create=changed_create, update=changed_update)


def after(resource_type: str, apply: Callable[[str, Properties, Properties], None]) -> None:
    """`apply(physical_id, properties, old_properties)` runs after each create (old: empty) and update."""
    handler = _handlers[resource_type]
    create, update = handler["create"], handler["update"]

    def create_and_apply(logical_id: str, properties: Properties, stack: str) -> Any:
        made = create(logical_id, properties, stack)
        apply(made[0], properties, {})
        return made

    def update_and_apply(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        made = update(physical_id, old, new, *rest)
        # A replaced resource is a fresh one: nothing of the old one needs removing from it.
        apply(made[0], new, old if made[0] == physical_id else {})
        return made

    handler.update(create=create_and_apply, update=update_and_apply)


def where_missing(resource_type: str, **functions: Any) -> None:
    """Adds a type that MiniStack refuses; an implementation of its own wins."""
    _handlers.setdefault(resource_type, functions)


def physical_name(stack: str, logical_id: str) -> str:
    return str(_physical_name(stack, logical_id))


def rewrap(resource_type: str, **functions: Callable[..., Callable[..., Any]]) -> None:
    """Each of `functions` gets the handler's function of that name and returns the one to use instead."""
    handler = _handlers[resource_type]
    handler.update({name: make(handler[name]) for name, make in functions.items()})


def expect_success(what: str, response: Any) -> None:
    """Raises ValueError, which fails the resource, when a service refused what the template says."""
    if response[0] >= 400:  # noqa: PLR2004 - HTTP
        raise ValueError(f"{what} failed: {response[2]!r}")
