"""`*` and `?` of a policy stand for line breaks too, which a key of S3 may contain; in MiniStack they do not.

And `…/report` does not allow `…/report` followed by a line break.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from localaws.ministack.patching import wrap

Compile = Callable[[str, bool], re.Pattern[str]]


def install() -> None:
    wrap("core.iam_evaluator._fnmatch_compile", _over_lines)


@lru_cache(4096)
def _over_lines(original: Compile, pattern: str, ignore_case: bool) -> re.Pattern[str]:
    by_line = original(pattern, ignore_case)
    return re.compile(by_line.pattern.removesuffix("$") + r"\Z", by_line.flags | re.DOTALL)
