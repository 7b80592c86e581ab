"""How many small faults in `pulse/domain` and `pulse/services` do the tests catch?

    python -m tests.mutation [--seed 1] [--count 200] [--only pulse/services/submit] [--json]

A sample of mutants, drawn by the seed: each is one change of the syntax tree (another comparison, another
number, a condition turned round, a call or a raise left out, nothing returned). The unit and functional tests
which reach its line are run against it; which do, a run of all with coverage has noted. It is caught when one
of them fails or hangs. That happens in a fork of this process, which has imported what takes long and imports
the mutant in place of its module: no file is written. A mutant that passes a few of its tests meets more.
"""

import ast
import copy
import hashlib
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Annotated, NamedTuple

import pytest
import typer
from coverage import CoverageData
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
MUTATED = ("pulse/domain", "pulse/services")
TESTS = ("tests/unit", "tests/functional")
NOT_LONG = "not long"
"""Files of thousands of runs would take most of the time."""
MOST_TESTS = (12, 100)
"""Of those that reach a line, at first and then: most mutants are caught by any of them."""
PATIENCE_SECONDS = 240
_FAILED = {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR}
"""The last two where the mutant cannot be imported by a test, or by its conftest.py."""
_OTHER_COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OTHER_OPERATOR: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}


class Mutant(NamedTuple):
    """`node`: the place of the changed node in the walk through the tree of the file."""

    file: str
    line: int
    node: int
    change: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.change}"


class Verdict(NamedTuple):
    mutant: Mutant
    verdict: str
    seconds: float


def main(
    seed: Annotated[int, typer.Option(help="draws the sample")] = 1,
    count: Annotated[int, typer.Option(min=1, help="of mutants")] = 200,
    only: Annotated[str, typer.Option(help="files whose path begins so")] = "pulse/",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    console = Console(stderr=True)
    reached = _reached(console)
    files = [file for folder in MUTATED for file in sorted((ROOT / folder).rglob("*.py"))]
    possible = [mutant for file in files for mutant in mutants_of(file.relative_to(ROOT).as_posix())]
    possible = [mutant for mutant in possible if mutant.file.startswith(only)]
    chosen = random.Random(seed).sample(possible, min(count, len(possible)))  # noqa: S311 - a sample
    _import_what_takes_long()
    verdicts = []
    for mutant in chosen:
        verdicts.append(_judge(mutant, reached, seed))
        if verdicts[-1].verdict != "caught":
            console.print(f"{verdicts[-1].verdict}: {mutant}", highlight=False)
    _show(console, verdicts, len(possible))
    if as_json:
        print(json.dumps([{**one.mutant._asdict(), "verdict": one.verdict} for one in verdicts], indent=2))  # noqa: T201


def mutants_of(file: str) -> Iterator[Mutant]:
    tree = ast.parse((ROOT / file).read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for number, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.expr | ast.stmt) and id(node) not in docstrings:
            for change in _changes(node):
                yield Mutant(file, node.lineno, number, change)


def _changes(node: ast.AST) -> Iterator[str]:  # noqa: C901 - a table
    """What can be done with a node, each by its name; `_changed` does it."""
    match node:
        case ast.Compare(ops=[operator]):
            yield f"{type(operator).__name__} becomes {_OTHER_COMPARISON[type(operator)].__name__}"
        case ast.BoolOp(op=ast.And()):
            yield "and becomes or"
        case ast.BoolOp():
            yield "or becomes and"
        case ast.UnaryOp(op=ast.Not()):
            yield "not is left out"
        case ast.BinOp(op=operator) if type(operator) in _OTHER_OPERATOR:
            yield f"{type(operator).__name__} becomes {_OTHER_OPERATOR[type(operator)].__name__}"
        case ast.Constant(value=bool(value)):
            yield f"{value} becomes {not value}"
        case ast.Constant(value=int(value)):
            yield f"{value} becomes {value + 1}"
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.If() | ast.IfExp() | ast.While():
            yield "the condition is turned round"
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield "None is returned"
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise():
            yield f"{type(node).__name__} is left out"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def mutated(mutant: Mutant) -> ast.Module:
    """The tree of its file, changed."""
    tree = ast.parse((ROOT / mutant.file).read_text())
    nodes = list(ast.walk(tree))
    old = nodes[mutant.node]
    new = ast.copy_location(_changed(copy.copy(old)), old)
    for parent in nodes:
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                value[:] = [new if one is old else one for one in value]
    return ast.fix_missing_locations(tree)


def _changed(node: ast.AST) -> ast.AST:
    match node:
        case ast.Compare(ops=[operator]):
            node.ops = [_OTHER_COMPARISON[type(operator)]()]
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.UnaryOp():
            return node.operand
        case ast.BinOp():
            node.op = _OTHER_OPERATOR[type(node.op)]()
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=int(value)):
            node.value = value + 1
        case ast.If() | ast.IfExp() | ast.While():
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
        case ast.Return():
            node.value = ast.Constant(value=None)
        case _:
            return ast.Pass()
    return node


def _reached(console: Console) -> CoverageData:
    """Which tests reach which lines."""
    sources = [
        file for folder in ("pulse", "lambdas", *TESTS) for file in sorted((ROOT / folder).rglob("*.py"))
    ]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:16]
    noted = ROOT / ".cache" / "mutation" / digest
    if not noted.exists():
        noted.parent.mkdir(parents=True, exist_ok=True)
        console.print("Noting which tests reach which lines")
        command = ["-m", "pytest", "-q", "-m", NOT_LONG, "--cov", *(f"--cov={name}" for name in MUTATED)]
        subprocess.run(
            [sys.executable, *command, "--cov-context=test", "--cov-report=", *TESTS],
            cwd=ROOT,
            env=os.environ | {"COVERAGE_FILE": str(noted.with_suffix(".new"))},
            check=True,
        )
        noted.with_suffix(".new").rename(noted)
    data = CoverageData(str(noted))
    data.read()
    return data


def _tests(mutant: Mutant, reached: CoverageData) -> list[str]:
    """Those that reach its line or, where it is run by its import, any line of its file."""
    lines = reached.contexts_by_lineno(str(ROOT / mutant.file))
    named = set(lines.get(mutant.line, ())) - {""} or {test for tests in lines.values() for test in tests}
    # Without parameters, which a command line cannot always name.
    return sorted({test.partition("|")[0].partition("[")[0] for test in named} - {""})


def _judge(mutant: Mutant, reached: CoverageData, seed: int) -> Verdict:
    begun = time.monotonic()
    tests = _tests(mutant, reached)
    drawn = random.Random(f"{seed} {mutant}").sample(tests, len(tests))  # noqa: S311 - a sample
    verdict = "reached by no test"
    first, then = MOST_TESTS
    for some in filter(None, (drawn[:first], drawn[first:then])):
        verdict = _run(mutant, sorted(some))
        if verdict == "caught":
            break
    return Verdict(mutant, verdict, time.monotonic() - begun)


def _run(mutant: Mutant, tests: Sequence[str]) -> str:
    """Of a process of its own."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        _fail_where_a_test_does(mutant, tests)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return "caught" if os.waitstatus_to_exitcode(status) in _FAILED else "survived"
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "caught"


def _fail_where_a_test_does(mutant: Mutant, tests: Sequence[str]) -> None:
    code = 1
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        sys.meta_path.insert(0, _Finder(mutant))
        os.chdir(ROOT)
        options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov"]
        code = int(pytest.main([*options, *tests]))
    finally:
        os._exit(code)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the mutant in place of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = mutant.file.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, ROOT / self._mutant.file, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        code = compile(mutated(self._mutant), str(ROOT / self._mutant.file), "exec")
        exec(code, module.__dict__)  # noqa: S102 - our own module


def _import_what_takes_long() -> None:
    services = ("dynamodb", "iam", "logs", "s3", "scheduler", "secretsmanager", "sns", "sqs")
    libraries = ("aws_lambda_powertools", "boto3", "hypothesis", "moto", "msgspec", "rich", "typer")
    for name in (*libraries, *(f"moto.{service}.models" for service in services)):
        importlib.import_module(name)


def _show(console: Console, verdicts: Sequence[Verdict], possible: int) -> None:
    table = Table("package", "mutants", "caught", "share", title=f"{len(verdicts)} of {possible} mutants")
    packages = Counter("/".join(one.mutant.file.split("/")[:3]) for one in verdicts)
    caught = Counter("/".join(one.mutant.file.split("/")[:3]) for one in verdicts if one.verdict == "caught")
    for package, count in sorted(packages.items()):
        table.add_row(package, str(count), str(caught[package]), f"{caught[package] / count:.0%}")
    whole = caught.total()
    table.add_row("all", str(len(verdicts)), str(whole), f"{whole / max(1, len(verdicts)):.0%}")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
