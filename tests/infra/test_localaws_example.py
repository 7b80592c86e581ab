"""The example of localaws is a CDK stack: the template beside it is what the CDK makes of it."""

import importlib.util
import json
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "localaws" / "examples" / "project"


def test_the_template_is_what_the_stack_becomes():
    spec = importlib.util.spec_from_file_location("example_stack", PROJECT / "stack.py")
    stack = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stack)
    assert stack.template() == json.loads((PROJECT / "template.json").read_text())
