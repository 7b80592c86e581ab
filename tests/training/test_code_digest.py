import shutil
from pathlib import Path

import pytest
import recursive_training
from recursive_training import code_digest

PACKAGE = Path(recursive_training.__file__).parent


@pytest.mark.parametrize("folder", ["", "data/columns", "model", "results/templates", "steps"])
def test_a_change_in_any_folder_changes_the_digest(folder, tmp_path, monkeypatch):
    copy = shutil.copytree(PACKAGE, tmp_path / "code", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_digest, "__file__", str(copy / "code_digest.py"))
    before = code_digest.code_digest()
    source = max(path for path in (copy / folder).iterdir() if path.suffix in {".py", ".html"})
    source.write_text(source.read_text() + "\n")
    assert code_digest.code_digest() != before
