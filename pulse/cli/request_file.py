"""A request as a file, JSON or YAML, and how one request is laid over another."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import typer

from pulse.domain.fault import printable, shown

HINT = "'--request'"


def read(file: Path) -> dict[str, Any]:
    """The request in `file`: YAML when its name ends so, else JSON. Raises typer.BadParameter."""
    try:
        text = file.read_text("utf-8-sig")
        yaml = file.suffix.lower() in (".yaml", ".yml")
        # YAML knows dates; a request holds them as text.
        content = msgspec.to_builtins(msgspec.yaml.decode(text), str_keys=True) if yaml else json.loads(text)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise typer.BadParameter(
            f"{printable(str(file))} cannot be read: {printable(str(error))}", param_hint=HINT
        ) from error
    if not isinstance(content, dict):
        raise typer.BadParameter(
            f"{printable(str(file))} holds {shown(content)}, not a request: an object with fields.",
            param_hint=HINT,
        )
    return content


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Objects (`tags`, `sweep`, `alerts`) are merged field by field; other values replace what is below."""
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            merged[name] = {**under, **value}
        else:
            merged[name] = value
    return merged
