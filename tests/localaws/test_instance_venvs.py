"""The virtual environments in the cache."""

import subprocess

import pytest

from localaws import venvs
from localaws.errors import SetUpFailed


@pytest.fixture
def requirements(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# nothing\n")
    return file


@pytest.mark.parametrize("uv", [True, False])
def test_an_environment_is_made_once_with_or_without_uv(tmp_path, requirements, monkeypatch, uv):
    if not uv:
        monkeypatch.setattr(venvs, "uv_command", lambda: None)
    told = []
    for _ in range(2):
        python = venvs.ensure_venv(tmp_path / "venv", requirements, told.append, what="x")
    assert told == ["Installing x (once)"]
    command = [python, "-c", "import sys; print(sys.prefix != sys.base_prefix)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True\n"


def test_a_half_made_environment_is_made_again(tmp_path, requirements):
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").write_text("rubbish")
    python = venvs.ensure_venv(tmp_path / "venv", requirements, lambda _: None, what="x")
    assert subprocess.run([python, "-c", ""], check=False).returncode == 0


def test_a_failed_installation_shows_the_installers_words_and_leaves_nothing(tmp_path, requirements):
    requirements.write_text("./no-such-package\n")
    with pytest.raises(SetUpFailed, match="no-such-package"):
        venvs.ensure_venv(tmp_path / "venv", requirements, lambda _: None, what="x")
    assert not (tmp_path / "venv").exists()
