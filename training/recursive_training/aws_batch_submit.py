"""`python -m recursive_training.aws_batch_submit`: the replaced script, as a door to `pulse submit`.

It knows the old defaults and nothing else. It is no part of the image, and imports nothing of Pulse: it runs
the command line that is installed beside it.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.util import find_spec

OPTIONS = {
    "--variables": ("spx_close", "us_10y_yield"),
    "--batch-size-days": ("30",),
    "--start-date": ("2022-01-01",),
    "--job-queue": ("pulse-retrodiction-job-queue",),
    "--job-name-prefix": ("pulse-retrodiction",),
    "--vcpus": ("4",),
    "--memory": ("16384",),
    "--job-timeout": ("86400",),
    "--dask-threads": ("2",),
}
"""Always sent where the command line says nothing else, as the script did."""
ENVIRONMENT = {
    "--s3-data-bucket": "S3_DATA_BUCKET",
    "--s3-results-bucket": "S3_RESULTS_BUCKET",
    "--log-level": "LOG_LEVEL",
}
REQUEST_FILE = "--request"
"""What this names decides: the defaults would be laid over it."""


def arguments(given: Sequence[str], environment: Mapping[str, str], now: datetime) -> list[str]:
    """What `pulse submit` is told for `given`; `now` names the file of the job's details, in local time."""
    named = {word.partition("=")[0] for word in given}
    defaults: dict[str, tuple[str, ...]] = {"--job-details-file": (f"batch_job_{now:%Y%m%d%H%M%S}.json",)}
    if REQUEST_FILE not in named:
        defaults |= OPTIONS
        defaults |= {name: (environment[var],) for name, var in ENVIRONMENT.items() if environment.get(var)}
    added = [word for name, values in defaults.items() if name not in named for word in (name, *values)]
    return [*added, *given]


def main() -> None:
    """Becomes `pulse submit`, whose exit code it has: 5 when --monitor saw the job fail."""
    if find_spec("pulse") is None:
        sys.exit("Pulse is not installed for this Python. In the project's folder: pip install -e .")
    command = arguments(sys.argv[1:], os.environ, datetime.now().astimezone())
    # -P: a folder named pulse in the working directory is not the package.
    submit = [sys.executable, "-P", "-m", "pulse.cli", "submit"]
    os.execv(sys.executable, [*submit, *command])  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
