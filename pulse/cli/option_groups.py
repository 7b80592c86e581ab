"""Options that several verbs share, declared once: a group is a dataclass, each of its fields an option."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperCommand

MANY = "--variables"


def spread(function: Callable[..., None]) -> Callable[..., None]:
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
    """Takes `--variables a b c`, as the replaced script did, beside `--variables a --variables b`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(one_each(args)))


def one_each(args: list[str]) -> Iterator[str]:
    """`--variables a b` as `--variables a --variables b`. Raises typer.BadParameter when no value follows."""
    taking = False
    for word, following in pairwise([*args, "-"]):
        if word == MANY:
            taking = True
            if following.startswith("-"):
                raise typer.BadParameter("Name at least one column.", param_hint=f"'{MANY}'")
        elif taking and not word.startswith("-"):
            yield from (MANY, word)
        else:
            taking = False
            yield word
