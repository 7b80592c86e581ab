"""Options that several verbs share, declared once: a group is a dataclass, each of its fields an option."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperCommand

MANY = {
    "--variables": "Name at least one column.",
    "--id-columns": "Name at least one column.",
    "--missing-values": "Give at least one value.",
}
"""Options that take several values, and what is said where none follows."""
_NUMBER = re.compile(r"-[0-9.]+([eE][+-]?[0-9]+)?")
"""A value that is no option although it begins with a hyphen."""


def with_option_groups(function: Callable[..., None]) -> Callable[..., None]:
    """`function` as Typer can read it: a parameter whose type is a dataclass becomes the options that are its
    fields, and is put together again for the call.
    """
    own = inspect.signature(function, eval_str=True).parameters
    groups: dict[str, Any] = {
        name: one.annotation for name, one in own.items() if is_dataclass(one.annotation)
    }

    def call(**values: Any) -> None:
        put_together = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        function(**put_together, **values)

    options = [
        option
        for name, one in own.items()
        for option in (_options(groups[name]) if name in groups else [one])
    ]
    call.__name__, call.__doc__ = function.__name__, function.__doc__
    call.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined] # inspect.signature reads it
    return call


def _options(group: Any) -> Iterator[inspect.Parameter]:
    kinds = inspect.get_annotations(group, eval_str=True)
    for field in fields(group):
        yield inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_default(field),
            annotation=kinds[field.name],
        )


def _default(field: Field[Any]) -> Any:
    return inspect.Parameter.empty if field.default is MISSING else field.default


class ManyValues(TyperCommand):
    """Takes `--variables a b c`, as the replaced script did, beside `--variables a --variables b`; and so the
    other options of MANY.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(one_each(args)))


def one_each(args: list[str]) -> Iterator[str]:
    """`--variables a b` as `--variables a --variables b`. Raises typer.BadParameter when no value follows."""
    taking = ""
    for word, following in pairwise([*args, "-"]):
        if word in MANY:
            taking = word
            if not _is_value(following):
                raise typer.BadParameter(MANY[word], param_hint=f"'{word}'")
        elif taking and _is_value(word):
            yield from (taking, word)
        else:
            taking = ""
            yield word


def _is_value(word: str) -> bool:
    return not word.startswith("-") or _NUMBER.fullmatch(word) is not None
