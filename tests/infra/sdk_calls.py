"""Which operations of AWS the functions call, and which members of them they name.

Run as a program it writes oldest_sdk.json, with the oldest SDK in front:
`uv pip install --no-deps --target SDK boto3==1.34.145 botocore==1.34.145`, then
`PYTHONPATH=SDK python -m tests.infra.sdk_calls`.
"""

import ast
import json
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel, Shape

ADAPTERS = Path(__file__).parents[2] / "pulse" / "aws"
OLDEST = Path(__file__).with_name("oldest_sdk.json")
SERVICES = (
    *("batch", "dynamodb", "ec2", "ecs", "logs", "s3", "scheduler"),
    *("secretsmanager", "sns", "sqs"),
)
ONLY_THE_COMMAND_LINE = {
    "account.py",
    "dead_letters.py",
    "demo_objects.py",
    "demo_tap.py",
    "price_list.py",
    "replayed_jobs.py",
    "signed_api.py",
    "stack_outputs.py",
    "uploads.py",
}

Members = dict[str, set[str]]
"""All members of an operation's input and output, however deep, by `service.method_name`."""


def known_members() -> Members:
    """Of the SDK that is installed."""
    session = botocore.session.get_session()
    found: Members = {}
    for service in SERVICES:
        model = session.get_service_model(service)
        for name in model.operation_names:
            found[f"{service}.{xform_name(name)}"] = _members(model.operation_model(name))
    return found


def named(file: Path) -> tuple[set[str], set[str]]:
    """The methods that a module calls, paginators as what they page through, and the names of members in it:
    texts and keyword arguments.
    """
    nodes = list(ast.walk(ast.parse(file.read_text())))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    keywords = {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}
    methods = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return methods | texts, texts | keywords


def used(known: Members) -> Members:
    """What of `known` the functions use, by operation."""
    found: Members = {}
    for file in sorted(ADAPTERS.rglob("*.py")):
        if file.name in ONLY_THE_COMMAND_LINE:
            continue
        methods, names = named(file)
        for operation, members in known.items():
            if operation.partition(".")[2] in methods:
                found.setdefault(operation, set()).update(members & names)
    return found


def _members(operation: OperationModel) -> set[str]:
    found: set[str] = set()
    waiting: list[Shape] = [shape for shape in (operation.input_shape, operation.output_shape) if shape]
    seen: set[str] = set()
    while waiting:
        shape = waiting.pop()
        if shape.name in seen:
            continue
        seen.add(shape.name)
        if shape.type_name == "structure":
            found |= set(shape.members)
            waiting += shape.members.values()
        elif shape.type_name == "list":
            waiting.append(shape.member)
        elif shape.type_name == "map":
            waiting.append(shape.value)
    return found


if __name__ == "__main__":
    known = known_members()
    members = {name: " ".join(sorted(known[name])) for name in sorted(used(known))}
    OLDEST.write_text(json.dumps({"boto3": botocore.__version__, "members": members}, indent=1) + "\n")
