"""`python -m recursive_training.aws_batch_submit_status`: the replaced script, as a door to `pulse status`,
`pulse watch` and `pulse logs`.

It is no part of the image, and imports nothing of Pulse: it runs the command line that is installed beside
it.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

DETAILS_FILES = "batch_job_*.json"


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description="Tell of a job. Exit code 5 when it failed.")
    found.add_argument(
        "--job-id",
        required=True,
        help=f"as the submission told it (batch-…), or AWS Batch's, where a {DETAILS_FILES} here has it",
    )
    found.add_argument("--monitor", action="store_true", help="until the job ends")
    found.add_argument("--show-logs", action="store_true", help="its log as well")
    found.add_argument("--aws-region")
    return found


def commands(given: Sequence[str]) -> list[list[str]]:
    """What `pulse` is told for `given`, one after the other."""
    options = parser().parse_args(given)
    region = ["--aws-region", options.aws_region] if options.aws_region else []
    about = [*region, "--", known_as(options.job_id, Path())]
    if options.monitor:
        return [["watch", "--log" if options.show_logs else "--no-log", *about]]
    return [["status", *about], *([["logs", *about]] if options.show_logs else [])]


def known_as(job_id: str, folder: Path) -> str:
    """Pulse's id of the job, where a file of details in the folder has `job_id` for AWS Batch's id of it."""
    for file in folder.glob(DETAILS_FILES):
        with suppress(OSError, ValueError, AttributeError):
            details = json.loads(file.read_bytes())
            if details.get("job_id") == job_id:
                return str(details.get("pulse_job_id") or job_id)
    return job_id


def main() -> None:
    """Exits as the first command does: that one knows the job's outcome."""
    wanted = commands(sys.argv[1:])
    if find_spec("pulse") is None:
        sys.exit("Pulse is not installed for this Python. In the project's folder: pip install -e .")
    # -P: a folder named pulse in the working directory is not the package.
    pulse = [sys.executable, "-P", "-m", "pulse.cli"]
    codes = [subprocess.run([*pulse, *command], check=False).returncode for command in wanted]
    sys.exit(codes[0])


if __name__ == "__main__":
    main()
