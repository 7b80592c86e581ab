"""`python -m data_sidecar`: checks the environment, does the job, and says in words why it could not."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from data_sidecar import bucket, logs, settings
from data_sidecar.bucket import Bucket
from data_sidecar.clock import Clock
from data_sidecar.failure import ExitCode, Failure, Terminated
from data_sidecar.job import Job
from data_sidecar.logs import logger, printable
from data_sidecar.refusals import disk_as_failure
from data_sidecar.shared_folder import SharedFolder

PATIENCE_SECONDS = 60
"""How long the training's container has to read that there is nothing for it, and to end by itself."""


def main(env: Mapping[str, str], clock: Clock) -> int:
    """The exit code (failure.py)."""
    logs.configure(env.get("LOG_LEVEL", "").upper())
    os.umask(0o022)  # what is written is read by another user
    clock.listen()
    folder = SharedFolder(Path(env.get(settings.FOLDER, "")))
    try:
        found = settings.read(env)
        with disk_as_failure("Its folders"):
            folder.make()
        s3 = bucket.client(found.region)
        data, results = Bucket(s3, found.data_bucket), Bucket(s3, found.results_bucket)
        return Job(found, folder, data, results, clock).do()
    except Terminated as terminated:
        logger.error("Stopped by SIGTERM before the training had its data. Run the job again.")
        return int(terminated.code or 0)
    except Failure as failure:
        return _fail(folder, clock, failure.code, str(failure))
    except Exception as error:  # noqa: BLE001 - the training's container waits for an answer
        logger.exception("Traceback:")
        advice = "Report it with the traceback in the log of the container that moves the data."
        sentence = f"An unexpected {type(error).__name__}: {error}. {advice}"
        return _fail(folder, clock, ExitCode.UNEXPECTED, sentence)


def _fail(folder: SharedFolder, clock: Clock, code: ExitCode, why: str) -> int:
    """Tells the training's container, and gives it time to end with this code. One that is at work ends by
    the SIGTERM that the end of this container brings.
    """
    clock.defer()
    logger.error("%s", why)
    if not folder.path.is_absolute():
        return int(code)
    try:
        folder.fail(code, printable(why))
    except OSError as error:
        logger.error("The training's container cannot be told: %s", error)
    else:
        if not folder.is_running():
            clock.until_stopped(PATIENCE_SECONDS)
    return int(code)


if __name__ == "__main__":
    exit_code = main(os.environ, Clock())
    sys.stdout.flush()
    os._exit(exit_code)  # a download that was given up is not waited for
