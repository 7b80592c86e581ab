"""Files that only their owner can read, whatever the umask says."""

import os
from pathlib import Path
from typing import IO, Any

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def opened(path: Path, mode: str) -> IO[Any]:
    """`path.open(mode)`, readable by its owner alone; so is, from then on, a file that was there before."""
    return open(path, mode, opener=_opener)


def write(path: Path, text: str) -> None:
    """Puts the text in place of the file's, all of it or nothing."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with opened(draft, "w") as file:
        file.write(text)
    draft.replace(path)


def _opener(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)
    return descriptor
