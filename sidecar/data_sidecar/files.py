"""The files that the training has left in a folder, by the names that they get in S3."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from data_sidecar.failure import ExitCode, Failure

LONGEST_KEY = 1024
"""Bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""


@dataclass(frozen=True)
class Found:
    """`name`: the path below the folder. `refused`: why it cannot be stored; empty where it can."""

    name: str
    path: Path
    refused: str = ""


def below(folder: Path, prefix: str) -> Iterator[Found]:
    """Everything but folders, by name; `prefix` is what the keys begin with. Raises Failure (73) at a folder
    that cannot be read.
    """
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders.sort()
        # os.walk lists a link to a folder as a folder, and does not follow it.
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in sorted(names + links):
            path = Path(parent, name)
            relative = str(path.relative_to(folder))
            yield Found(relative, path, _refused(path, folder, prefix + relative))


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Raises FileNotFoundError where the file has gone, and Failure (73) where it cannot be read."""
    try:
        with path.open("rb") as stream:
            yield stream
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from error


def _refused(path: Path, folder: Path, key: str) -> str:
    if path.is_symlink() and not _leads_to(path).is_relative_to(folder.resolve()):
        return "it is a link to outside of the folder"
    if path.is_symlink() and not path.exists():
        return "it is a link to nothing"
    if not path.is_file():
        # What has gone meanwhile is no fault of the training's: the upload finds out.
        return "it is no regular file" if path.exists() else ""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    return f"its key would be longer than {LONGEST_KEY} bytes" if size > LONGEST_KEY else ""


def _refuse(error: OSError) -> None:
    if isinstance(error, FileNotFoundError):  # gone meanwhile
        return
    raise _unreadable(error.filename, error) from error


def _unreadable(path: Path | str, error: OSError) -> Failure:
    sentence = f"{path} cannot be read: {error.strerror or error}. Let the training leave it readable."
    return Failure(ExitCode.NOT_STORED, sentence)


def _leads_to(link: Path) -> Path:
    """Where a link leads; to itself where it goes round in circles."""
    try:
        return link.resolve()
    except (OSError, RuntimeError):
        return link.parent.resolve() / link.name
