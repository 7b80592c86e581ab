"""Recognises our training among the programs that run in AWS Batch: only its exit codes mean what
exit_codes.py says.
"""

import re
from collections.abc import Sequence

_MODULE = "recursive_training.run_training"
_FILE = "recursive_training/run_training.py"
_PYTHON = re.compile(r"(?:.*/)?(?:python|pypy)[0-9.]*")
_BETWEEN_WORDS = re.compile(r"[\s\"'();&|]+")
_REVISION = re.compile(r":[0-9]+\Z")


def is_training(command: Sequence[str]) -> bool:
    """Whether a container's command has Python run the training's module, in any spelling: `python3 -u -m
    recursive_training.run_training`, `/usr/bin/python recursive_training/run_training.py`, or within `sh -c`.
    """
    words = _BETWEEN_WORDS.split(" ".join(command))
    python = next((index for index, word in enumerate(words) if _PYTHON.fullmatch(word)), len(words))
    return any(_names_training(word) for word in words[python + 1 :])


def without_revision(job_definition: str) -> str:
    """A job definition's ARN or name without its revision."""
    return _REVISION.sub("", job_definition)


def _names_training(word: str) -> bool:
    return word.removeprefix("-m") == _MODULE or word == _FILE or word.endswith(f"/{_FILE}")
