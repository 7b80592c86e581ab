"""A request as a file, JSON or YAML, and how one request is laid over another."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
import yaml

from pulse.cli.client import request_yaml
from pulse.domain.fault import listed, printable, shown
from pulse.domain.parsing import json_text
from pulse.domain.parsing.encoding import decode_text
from pulse.domain.validation import InvalidInput

HINT = "'--request'"


def read(file: Path) -> dict[str, Any]:
    """The request in `file`: YAML when its name ends so, else JSON. Raises typer.BadParameter."""
    try:
        content = _decoded(file)
    except InvalidInput as error:
        raise typer.BadParameter(
            f"{printable(str(file))} is no request:\n{listed(error.faults)}", param_hint=HINT
        ) from error
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise typer.BadParameter(
            f"{printable(str(file))} cannot be read: {printable(str(error))}", param_hint=HINT
        ) from error
    if not isinstance(content, dict):
        raise typer.BadParameter(
            f"{printable(str(file))} holds {shown(content)}, not a request: an object with fields.",
            param_hint=HINT,
        )
    return content


def _decoded(file: Path) -> Any:
    content = file.read_bytes()
    if file.suffix.lower() in (".yaml", ".yml"):
        return request_yaml.read(decode_text(content))
    return json_text.decode(content)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Objects (`tags`, `sweep`, `alerts`) are merged field by field; other values replace what is below."""
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            merged[name] = {**under, **value}
        else:
            merged[name] = value
    return merged
