"""Untyped data (JSON, YAML, environment) into structs, with every fault reported at once.

msgspec stops at the first fault. Here each field is converted on its own, so that a person repairs an input
in one go, once it is known to have any; of many faulty items in one list the first are told, and how many
more there are. What a field allows is the `description` of its `Meta`, written beside its type and nowhere
else.
"""

import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from pulse.domain.fault import HANDFUL, MAX_LISTED, Fault, and_more, join, shown

T = TypeVar("T", bound=Struct)


class InvalidInput(ValueError):
    """Raised with all `faults` of an input; the message lists them one a line."""

    def __init__(self, faults: Iterable[Fault], what: str = "the input") -> None:
        self.faults = tuple(faults)
        self.what = what
        super().__init__(f"{what} is not valid:\n" + "\n".join(f"- {fault}" for fault in self.faults))


def convert(raw: object, kind: type[T], *, what: str = "the input", at: str = "") -> T:
    """`raw` as a `kind`. Raises InvalidInput with every fault; `at` is put before each fault's path."""
    value, faults = collect(raw, kind, at=at)
    if value is None or faults:
        raise InvalidInput(faults, what)
    return value


def collect(raw: object, kind: type[T], *, at: str = "") -> tuple[T | None, list[Fault]]:
    """`raw` as a `kind`, and its faults. Faulty optional fields are left at their defaults, so that rules
    over the rest can still be checked; None when a required field is missing or faulty. The rules of a struct
    that need more than one of its fields are its method `faults`.
    """
    if not isinstance(raw, Mapping):
        return None, [Fault(at or "the whole", f"an object with {names(fields_of(kind))}", shown(raw))]
    try:
        whole = msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        pass
    else:
        if _keeps_rules(whole):
            return whole, []
    fields = _fields(kind)
    faults = _unknown(raw, fields, at) if kind.__struct_config__.forbid_unknown_fields else []
    values: dict[str, Any] = {}
    complete = True
    for name, field in fields.items():
        path = join(at, name)
        if name not in raw:
            if field.required:
                complete = False
                faults.append(Fault(path, allowed(field.type), "nothing"))
            continue
        value, found = _field(raw[name], field.type, path)
        faults += found
        if found:
            complete = complete and not field.required
        else:
            values[field.name] = value
    if not complete:
        return None, faults
    built = kind(**values)
    rules: Callable[[], list[Fault]] = getattr(built, "faults", list)
    further = [fault.below(at) for fault in rules()]
    faults += [f for f in further if not any(known.field.startswith(f.field) for known in faults)]
    return built, faults


def _keeps_rules(value: object) -> bool:
    """Whether a value, and every struct within it, keeps the rules over more than one field."""
    if isinstance(value, Struct):
        rules: Callable[[], list[Fault]] = getattr(value, "faults", list)
        return not rules() and all(_keeps_rules(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, tuple | list):
        return all(map(_keeps_rules, value))
    return all(map(_keeps_rules, value.values())) if isinstance(value, dict) else True


@cache
def _fields(kind: type[Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """By their names in an input. A struct's never change, and msgspec works them out each time."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def _unknown(raw: Mapping[Any, Any], fields: Collection[str], at: str) -> list[Fault]:
    unknown = [name for name in raw if name not in fields]
    if not unknown:
        return []
    known = f"only {names(fields)}"
    faults = [
        Fault(join(at, shown_name(name)), known, "a field of another name") for name in unknown[:MAX_LISTED]
    ]
    return faults + and_more(len(unknown), at or "the whole", known, MAX_LISTED)


def _field(raw: object, kind: Any, at: str) -> tuple[Any, list[Fault]]:
    """One value: structs, lists and objects element by element, so that each has its path and its faults."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if raw is None and types.NoneType in args:
            return None, []
        rest = [arg for arg in args if arg not in (types.NoneType, msgspec.UnsetType)]
        return _field(raw, rest[0], at) if len(rest) == 1 else _plain(raw, kind, at)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return collect(raw, kind, at=at)
    base = args[0] if origin is typing.Annotated else kind
    origin, args = typing.get_origin(base), typing.get_args(base)
    if origin is dict and isinstance(raw, Mapping):
        built, faults = _entries(raw, args[0], args[1], at)
    elif origin is tuple and isinstance(raw, list | tuple):
        most = _most(kind)
        if most is not None and len(raw) > most:
            # Not every item of a list that is far too long is looked at.
            limit = _description(kind) or f"a list of at most {most} values"
            return None, [Fault(at, limit, f"{len(raw):,} values")]
        built, faults = _items(raw, args[0], at)
    else:
        return _plain(raw, kind, at)
    return (None, faults) if faults else _plain(built, kind, at)


def _entries(raw: Mapping[Any, Any], name_kind: Any, kind: Any, at: str) -> tuple[Any, list[Fault]]:
    built = {}
    faults: list[Fault] = []
    faulty = 0
    for name, item in raw.items():
        path = join(at, shown_name(name))
        _, wrong_name = _plain(name, name_kind, path)
        built[name], wrong_value = _field(item, kind, path)
        if wrong := wrong_name or wrong_value:
            faulty += 1
            faults += wrong if faulty <= MAX_LISTED else []
    return built, faults + and_more(faulty, at, "names and values as above", MAX_LISTED)


def _items(raw: Iterable[Any], kind: Any, at: str) -> tuple[Any, list[Fault]]:
    built = []
    faults: list[Fault] = []
    faulty = 0
    for index, item in enumerate(raw):
        value, wrong = _field(item, kind, f"{at}[{index}]")
        built.append(value)
        if wrong:
            faulty += 1
            faults += wrong if faulty <= HANDFUL else []
    return tuple(built), faults and faults + and_more(faulty, at, allowed(kind))


def _plain(raw: object, kind: Any, at: str) -> tuple[Any, list[Fault]]:
    try:
        return msgspec.convert(raw, kind), []
    except msgspec.ValidationError:
        return None, [Fault(at, allowed(kind), _found(raw, kind))]


def _found(raw: object, kind: Any) -> str:
    base = typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind
    if base is str and isinstance(raw, bool | int | float):
        return f"{shown(raw, 40)} without quotes, which is not a text"
    return shown(raw)


_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    date: "a date, YYYY-MM-DD",
    dict: "an object",
    tuple: "a list",
    types.NoneType: "null",
}


def allowed(kind: Any) -> str:
    """What a field's type accepts, for people: the description beside it, or the type in words."""
    if typing.get_origin(kind) is typing.Annotated and not _description(kind):
        return allowed(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (dict, tuple):
        return _allowed_in(typing.get_origin(kind), allowed(typing.get_args(kind)[0]))
    for meta in _flat(kind, _metas):
        if meta.description:
            return str(meta.description)
    for choices in _flat(
        kind, lambda k: [typing.get_args(k)] if typing.get_origin(k) is typing.Literal else []
    ):
        return "one of " + ", ".join(str(choice) for choice in choices)
    words = [_WORDS[k] for k in (*typing.get_args(kind), typing.get_origin(kind), kind) if k in _WORDS]
    if words:
        return " or ".join(dict.fromkeys(words))
    return (
        f"an object with {names(fields_of(kind))}" if hasattr(kind, "__struct_fields__") else "another value"
    )


def _description(kind: Any) -> str:
    """What is said beside the type itself; empty where nothing is."""
    return next((str(meta.description) for meta in _metas(kind) if meta.description), "")


def _most(kind: Any) -> int | None:
    """How many items a list may have; None: any number."""
    return next((meta.max_length for meta in _metas(kind) if meta.max_length is not None), None)


def _metas(kind: Any) -> list[Meta]:
    return [meta for meta in getattr(kind, "__metadata__", ()) if isinstance(meta, Meta)]


def _allowed_in(container: Any, item: str) -> str:
    """An object by the names that it may have, a list by its items; a description may speak of the list."""
    if item.startswith(_WORDS[tuple]):
        return item
    if item == _WORDS[str]:
        return str(_WORDS[container])
    return f"an object with {item}" if container is dict else f"a list, each {item}"


def _flat(kind: Any, pick: Callable[[Any], list[Any]]) -> list[Any]:
    """What `pick` finds in a type and, outside in, in its arguments."""
    return [*pick(kind), *(found for arg in typing.get_args(kind) for found in _flat(arg, pick))]


def fields_of(kind: Any) -> tuple[str, ...]:
    return tuple(kind.__struct_encode_fields__)


def names(fields: Iterable[str]) -> str:
    return ", ".join(fields)


def shown_name(name: object) -> str:
    """A field's name as it may stand in a path: printable, short, without quotes."""
    return shown(str(name), 60)[1:-1] if len(str(name)) < 60 else shown(str(name), 60)  # noqa: PLR2004
