"""What a developer's editor and git do by themselves is what `make check` demands."""

import configparser
import os
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def commands(*targets):
    """What make would run for `targets`."""
    command = ["make", "--dry-run", "--no-print-directory", *targets]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def hooks():
    [repository] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local", "a hook of another repository would be fetched"
    return repository["hooks"]


def test_the_hooks_run_what_make_check_runs():
    targets = [hook["entry"].removeprefix("make ") for hook in hooks()]
    assert commands(*targets) == commands("check")
    assert "ruff check ." in commands("check")
    assert len(targets) == len(set(targets))


def test_a_hook_looks_at_everything_and_not_at_the_changed_files_only():
    assert all(hook["always_run"] and not hook["pass_filenames"] for hook in hooks())


def test_editors_break_lines_where_ruff_does():
    editor = configparser.ConfigParser()
    editor.read_string("[all]\n" + (ROOT / ".editorconfig").read_text())
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]
    assert editor["*.py"]["max_line_length"] == str(ruff["line-length"])


def test_every_text_is_as_the_editors_leave_it():
    files = subprocess.run(["git", "ls-files", "--eol"], cwd=ROOT, capture_output=True, text=True, check=True)
    texts = [ROOT / line.split("\t", 1)[1] for line in files.stdout.splitlines() if line.startswith("i/lf")]
    untidy = [
        str(file.relative_to(ROOT))
        for file in texts
        if file.exists()
        for text in [file.read_text()]
        if not text.endswith("\n") or any(line != line.rstrip() for line in text.split("\n"))
    ]
    assert untidy == []
