"""`python -m recursive_training.run_training`: mind SIGTERM, check the options, run, say how it ended.

What is slow to import is imported last: as process 1 of a container a program without a handler is deaf to
SIGTERM, and a mistyped option should not wait for scikit-learn.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType

from recursive_training import logs
from recursive_training.errors import Terminated, TrainingError, UsageError
from recursive_training.exit_codes import ExitCode
from recursive_training.logs import logger
from recursive_training.options import parse


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the training and returns the exit code (see exit_codes.py). --help exits 0 at once."""
    started = time.monotonic()
    level = os.environ.get("LOG_LEVEL", "").upper()
    logs.configure(level if level in logs.LEVELS else "INFO")
    signal.signal(signal.SIGTERM, _terminate)
    run = "Run"
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        run = f"Run {options.job_id}"
        from recursive_training.steps.training import train  # noqa: PLC0415 - see above

        train(options, started)
    except UsageError as error:
        for fault in error.faults[:-1]:
            logger.error("%s", fault)
        return _failed(error.exit_code, error.faults[-1])
    except TrainingError as error:
        return _failed(error.exit_code, str(error))
    except Terminated as terminated:
        return _failed(ExitCode.TERMINATED, f"{run}: {terminated}")
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of Polars is no Exception
        logger.exception("Traceback:")
        return _failed(
            ExitCode.UNEXPECTED,
            f"{run} met an unexpected {type(error).__name__}: {error}. Report it with the traceback above.",
        )
    return int(ExitCode.OK)


def _failed(code: ExitCode, sentence: str) -> int:
    logger.error("%s", sentence)
    return int(code)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: the way out is not to be interrupted
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # Dask has much to say when it is cut short
    raise Terminated


if __name__ == "__main__":
    sys.exit(main())
