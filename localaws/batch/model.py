"""Batch's requests and answers as botocore's own service model describes them.

Routes, required members, types, minima and enumerations come from the model, so an operation is never
described by hand here. What the model does not say (name patterns, legal combinations) stands with the use
case.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import botocore.session
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    ServiceModel,
    Shape,
    StringShape,
    StructureShape,
)
from botocore.validate import ParamValidator

from localaws.batch.errors import ClientException, refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Document = dict[str, Any]

# "The values aren't case sensitive": https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html.
# AWS Batch answers them in lower case, so Terraform keeps them so (evaluate_on_exit in
# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/batch/job_definition.go).
_ANY_CASE = frozenset({"RetryAction"})


@dataclass(frozen=True)
class Call:
    """An HTTP request of a Batch client, its query string parsed."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    body: bytes


@dataclass(frozen=True)
class Route:
    operation: OperationModel
    path_parameters: dict[str, str]


@functools.cache
def service_model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("batch")


@functools.cache
def _routes() -> list[tuple[str, re.Pattern[str], OperationModel]]:
    routes = []
    for name in service_model().operation_names:
        operation = service_model().operation_model(name)
        uri = re.sub(r"\{(\w+)\+?\}", r"(?P<\1>.+)", str(operation.http["requestUri"]))
        routes.append((str(operation.http["method"]), re.compile(f"^{uri}/?$", re.IGNORECASE), operation))
    return routes


def route(call: Call) -> Route | None:
    """The operation behind a method and a (decoded or still quoted) path, or None."""
    for verb, pattern, operation in _routes():
        match = pattern.match(call.path) if verb == call.method else None
        if match:
            return Route(operation, {name: unquote(value) for name, value in match.groupdict().items()})
    return None


def checked(shape: Shape | None, value: Any) -> Any:
    """The value without nulls and unknown members, as AWS ignores both; words of any case in lower case.

    Raises ClientException naming the member, what is allowed and what was found.
    """
    if shape is None:
        return {}
    cleaned = _known(shape, value)
    report = ParamValidator().validate(cleaned, shape)
    if report.has_errors():
        raise ClientException(report.generate_report())
    _check_enumerations(shape, cleaned, "input")
    return cleaned


def answer(operation: OperationModel, value: Document) -> Document:
    """The answer with only the members that the model knows, so nothing internal leaves the engine."""
    return cast("Document", _known(operation.output_shape, value)) if operation.output_shape else {}


def shaped(shape_name: str, value: Document) -> Document:
    """The document with only the members of that shape, for example `JobDetail`."""
    return cast("Document", _known(service_model().shape_for(shape_name), value))


def _known(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            name: _known(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_known(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _known(shape.value, item) for key, item in value.items() if item is not None}
    if shape.name in _ANY_CASE and isinstance(shape, StringShape) and isinstance(value, str):
        return value.lower() if value.upper() in shape.enum else value
    return value


def _check_enumerations(shape: Shape, value: Any, path: str) -> None:
    if isinstance(shape, StructureShape):
        for name, item in value.items():
            _check_enumerations(shape.members[name], item, f"{path}.{name}")
    elif isinstance(shape, ListShape):
        for index, item in enumerate(value):
            _check_enumerations(shape.member, item, f"{path}[{index}]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            _check_enumerations(shape.value, item, f"{path}.{key}")
    elif isinstance(shape, StringShape) and shape.enum:
        found = value.upper() if shape.name in _ANY_CASE else value
        if found not in shape.enum:
            raise refused(f"{path} must be one of {', '.join(shape.enum)}, found {value!r}")
