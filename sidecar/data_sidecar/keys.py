"""Keys of objects as paths of files: which are passed over, and which are refused as impossible."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from data_sidecar.failure import ExitCode, Failure

LONGEST_NAME = 255
"""Bytes of a file's name on Linux."""
_NO_NAMES = ("", ".", "..")
_HIDDEN = ("_", ".", "~$")
_FOLDER_MARK = "_$folder$"


def is_passed_over(key: str, below: str) -> bool:
    """Whether an object below a folder is a folder's marker or something temporary, as consoles, Hadoop,
    Spark and Office leave them: `_SUCCESS`, `.part-0.csv.crc`, `_temporary/0/part-0.csv`, `raw_$folder$`.
    `.` and `..` are no names, and refused.
    """
    names = key.removeprefix(below).split("/")
    return not names[-1] or any(
        name.startswith(_HIDDEN) or name.endswith(_FOLDER_MARK) for name in names if name not in _NO_NAMES
    )


def name_of(key: str) -> PurePosixPath:
    """The last part of a key. Raises Failure (65)."""
    _check(key)
    return PurePosixPath(key.rpartition("/")[2])


def below(prefix: str, keys: Iterable[str]) -> dict[str, PurePosixPath]:
    """The path below a prefix that ends in a slash, by key. Raises Failure (65)."""
    paths = {}
    for key in keys:
        _check(key)
        paths[key] = PurePosixPath(key.removeprefix(prefix))
    folders = {folder for path in paths.values() for folder in path.parents}
    for key, path in paths.items():
        if path in folders:
            raise _refused(key, f"there are objects below {key}/, too, and no file is also a folder")
    return paths


def _check(key: str) -> None:
    for part in key.split("/"):
        if part in _NO_NAMES:
            raise _refused(key, f"a part of it between two slashes is {part!r}")
        if "\0" in part or len(part.encode("utf-8", "replace")) > LONGEST_NAME:
            raise _refused(key, f"a part of it has a NUL or more than {LONGEST_NAME} bytes")


def _refused(key: str, reason: str) -> Failure:
    return Failure(
        ExitCode.BAD_NAME,
        f"The object {key} cannot be a file of the training's folder: {reason}. Copy it to another key.",
    )
