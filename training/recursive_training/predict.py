"""Forecasts from a stored model: `python -m recursive_training.predict model.json 101.5 102 …`

The values are what was observed since the model was learned, in order; none: the forecast goes on from its
history.
Prints CSV: step, forecast, and the ends of the interval. It needs numpy alone.
"""

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recursive_training.exit_codes import ExitCode
from recursive_training.model import artifact


def main(argv: Sequence[str]) -> int:
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__.strip())  # noqa: T201 - the answer
        return ExitCode.OK if argv else ExitCode.USAGE
    try:
        learned, history = artifact.load(json.loads(Path(argv[0]).read_text(encoding="utf-8")))
        since = np.array([_finite(text) for text in argv[1:]])
    except (OSError, ValueError) as error:
        print(f"{argv[0]}: {error}", file=sys.stderr)  # noqa: T201
        return ExitCode.USAGE
    values = np.concatenate([history, since])
    if not learned.takes(values):
        print(f"{argv[0]} forecasts logarithms, and a value is not positive. Train again.", file=sys.stderr)  # noqa: T201
        return ExitCode.USAGE
    found = learned.forecast_next(values)
    print("step,forecast,lower,upper")  # noqa: T201
    for step, row in enumerate(zip(found.middle, found.lower, found.upper, strict=True), start=1):
        print(step, *(float(number) for number in row), sep=",")  # noqa: T201
    return ExitCode.OK


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"A value must be a finite number, not {text!r}.")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
