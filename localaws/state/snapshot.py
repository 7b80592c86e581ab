"""The files of the server's state: a set of them is replaced as one, or not at all.

A set is first written beside the files in force, then declared complete by one rename, then moved into their
place. Whoever is killed before that rename leaves the old set, after it the new one: `recover` finishes the
move at the next start. A power cut is not provided for, there is no fsync.
"""

import json
import shutil
from ast import literal_eval
from collections.abc import Mapping
from pathlib import Path

_DRAFT, _COMPLETE = "next.draft", "next"


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Replaces `<name>.json` for every name of `texts`, all together."""
    draft = folder / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, text in texts.items():
        (draft / f"{name}.json").write_text(text)
    draft.replace(folder / _COMPLETE)
    _move_in(folder)


def recover(folder: Path) -> None:
    """Makes whole what a killed server was writing: the last complete set is in force afterwards."""
    shutil.rmtree(folder / _DRAFT, ignore_errors=True)
    _move_in(folder)


def drop_unknown_buckets(state: Path, s3: Path) -> list[str]:
    """Removes the files of buckets that the state does not know, and returns their names.

    MiniStack writes objects at once and makes a bucket of every folder that it finds. A bucket that is
    younger than the last saved state would stay without the stack that made it, and its name would be taken.
    Removes nothing when the state of S3 cannot be read.
    """
    known = _known_buckets(state / "s3.json")
    if known is None:
        return []
    dropped = []
    for folder in [*s3.glob("[0-9]*/*"), *s3.glob(".versions/[0-9]*/*")]:
        if folder.is_dir() and (folder.parent.name, folder.name) not in known:
            shutil.rmtree(folder, ignore_errors=True)
            dropped.append(folder.name)
    return dropped


def _known_buckets(file: Path) -> set[tuple[str, str]] | None:
    """(account, name) of each bucket, none when nothing was ever saved, None for a file of another shape."""
    if not file.exists():
        return set()
    try:
        scoped = json.loads(file.read_text())["payload"]["buckets_meta"]
        keys = [key.partition("\0") for key in scoped["data"] if scoped["__scoped__"]]
        return {(account, str(literal_eval(name))) for account, _, name in keys}
    except (OSError, ValueError, SyntaxError, KeyError, TypeError):
        return None


def _move_in(folder: Path) -> None:
    complete = folder / _COMPLETE
    if complete.is_dir():
        for file in complete.glob("*.json"):
            file.replace(folder / file.name)
        complete.rmdir()
