"""The one way to MiniStack's private names: only what a table of hooks names can be reached or replaced."""

import functools
import importlib
from collections.abc import Callable
from typing import Any

from localaws.ministack.hooks import HOOKS, Hook

_known: dict[str, Hook] = {f"{hook.module}.{hook.attribute}": hook for hook in HOOKS}


def use(name: str) -> Any:
    """MiniStack's `name`, for example "services.s3._put_bucket_lifecycle". KeyError when no hook names it."""
    owner, attribute = _owner(name)
    return getattr(owner, attribute)


def replace(name: str, value: object) -> None:
    owner, attribute = _owner(name)
    setattr(owner, attribute, value)


def wrap(name: str, around: Callable[..., Any]) -> None:
    """Calls of `name` become calls of `around(original, *arguments)`."""
    original = use(name)

    @functools.wraps(original)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        return around(original, *arguments, **named)

    replace(name, wrapper)


def _owner(name: str) -> tuple[Any, str]:
    hook = _known[name]
    owner: Any = importlib.import_module(f"ministack.{hook.module}")
    *path, attribute = hook.attribute.split(".")
    for part in path:
        owner = getattr(owner, part)
    return owner, attribute
