"""CloudFormation's properties of Batch resources as requests of Batch's API.

The names differ in the case of the first letter only, so the service model itself leads the translation.
"""

from __future__ import annotations

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from localaws.batch.model import Document, service_model

_SCALARS = {"integer": int, "long": int, "float": float, "double": float}


def request(operation: str, properties: Document) -> Document:
    """The request's members that the properties give. Properties only CloudFormation knows are left out.

    Scalars take the model's type: CloudFormation parameters arrive as strings.
    """
    shape = service_model().operation_model(operation).input_shape
    translated: Document = _translated(shape, properties) if shape else {}
    return translated


def _translated(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = {name.lower(): name for name in shape.members}
        # The CDK writes `RetryStrategy: {}` and `Timeout: {}` for what it was not given.
        known = {
            members[key.lower()]: item for key, item in value.items() if key.lower() in members and item != {}
        }
        return {name: _translated(shape.members[name], item) for name, item in known.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_translated(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return _map(shape, value)
    return _scalar(shape, value)


def _map(shape: MapShape, value: Any) -> Any:
    if isinstance(value, list):
        # Tags written as a list of Key and Value, as most other resources have them.
        value = {item["Key"]: item["Value"] for item in value}
    return {key: _translated(shape.value, item) for key, item in value.items()}


def _scalar(shape: Shape, value: Any) -> Any:
    kind = shape.type_name
    if isinstance(shape, StringShape):
        return _text(shape, value)
    if kind == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    if kind in _SCALARS and isinstance(value, (str, float)):
        try:
            return _SCALARS[kind](value)
        except ValueError:
            return value
    return value


def _text(shape: StringShape, value: Any) -> Any:
    if isinstance(value, (int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    # CloudFormation takes enumerations in any case, and the CDK writes `Type: managed`.
    return next((one for one in shape.enum if one.lower() == str(value).lower()), value)
