"""Functions and data are named in the field's words: "tell", "said" and "heard" are for people talking."""

import ast
import re
from pathlib import Path

import pytest
import typer

from pulse.cli.main import app

ROOT = Path(__file__).parents[2]
PEOPLE_TALKING = re.compile(
    r"(^|_)(tell|told|telling|said|says|ask|asked|asking|hear|heard)(_|$)", re.IGNORECASE
)
PUBLISHED = {"asked_by", "asked_at"}
"""Who asked for a job, and when: fields of the API, and people."""
DIALECT = re.compile(r"\b(tells?|told|heard?|hears|Of)\b")
BEING_CHANGED = ("infra/config/", "pulse/domain/plan/")
LEFT = {
    "infra/config/alerts.py": {"alarms_are_heard"},
    "infra/config/checks.py": {"told"},
    "infra/config/files.py": {"told"},
    "pulse/domain/plan/command.py": {"asked"},
    "pulse/domain/request/manifest.py": {"told"},
    "pulse/domain/training/metrics.py": {"told"},
    "pulse/domain/training/parameters.py": {"told"},
}


def names(file):
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


@pytest.mark.parametrize("folder", ["pulse", "lambdas", "infra"])
def test_should_name_functions_and_data_by_what_they_are(folder):
    found = {
        (path, name)
        for file in (ROOT / folder).rglob("*.py")
        for path in [file.relative_to(ROOT).as_posix()]
        for name in {*names(file)} - PUBLISHED - LEFT.get(path, set())
        if PEOPLE_TALKING.search(name)
    }
    assert not found


def texts(file):
    """Docstrings, and the strings below a name that explain it."""
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Expr(value=ast.Constant(value=str() as text)):
                yield text


@pytest.mark.parametrize("folder", ["pulse", "lambdas", "infra"])
def test_should_begin_docstrings_with_a_verb_or_a_noun(folder):
    files = [(file.relative_to(ROOT).as_posix(), file) for file in (ROOT / folder).rglob("*.py")]
    found = [
        (path, text)
        for path, file in files
        if not path.startswith(BEING_CHANGED)
        for text in texts(file)
        if text.startswith("Of ")
    ]
    assert found == []


def helps(command, name="pulse"):
    """By the command or its option: what `--help` prints of it."""
    yield name, command.help or ""
    for option in command.params:
        yield f"{name} {option.name}", getattr(option, "help", None) or ""
    for verb, below in getattr(command, "commands", {}).items():
        yield from helps(below, f"{name} {verb}")


def test_should_explain_the_command_line_in_plain_english():
    found = {name: text for name, text in helps(typer.main.get_command(app)) if DIALECT.search(text)}
    assert not found
