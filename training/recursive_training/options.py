"""The command line: the old container's options under their old names and defaults, and ours.

argparse only splits the line. Every value is checked here and all faults are told at once.
"""

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NoReturn

from recursive_training.errors import UsageError
from recursive_training.logs import LEVELS
from recursive_training.trust import CRITERIA, DEFAULT_CRITERION

_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_LONGEST_KEY = 1024  # bytes of UTF-8, https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html


@dataclass(frozen=True)
class Options:
    """A checked request. An empty `variables` means every numeric column; dates are inclusive."""

    job_id: str
    variables: tuple[str, ...]
    batch_size_days: int
    start_date: date | None
    end_date: date | None
    s3_data_bucket: str
    s3_data_prefix: str
    dataset_key: str | None
    dataset_version_id: str | None
    s3_results_bucket: str
    s3_results_prefix: str
    output_file: str | None
    s3_output_file: str | None
    success_criterion: str
    use_dask: bool
    dask_threads: int
    max_workers: int
    aws_region: str
    log_level: str

    @property
    def results_folder(self) -> str:
        """The key prefix of this run's results, ending in a slash."""
        return f"{self.s3_results_prefix}{self.job_id}/"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError([f"{message[0].upper()}{message[1:]}. Run with --help for the options."])


def parser() -> argparse.ArgumentParser:
    p = _Parser(
        prog="python -m recursive_training.run_training",
        description=__doc__.split("\n")[0],
        allow_abbrev=False,
    )
    add = p.add_argument
    add("--variables", nargs="*", metavar="NAME", help="columns to train on (none: every numeric column)")
    add("--batch-size-days", default="30", metavar="DAYS", help="calendar days in a window (30)")
    add("--start-date", metavar="YYYY-MM-DD", help="first day to retrodict (none: what the data has)")
    add("--end-date", metavar="YYYY-MM-DD", help="last day to retrodict (none: what the data has)")
    add("--s3-data-bucket", metavar="BUCKET", help="where the data is (environment: S3_DATA_BUCKET)")
    add("--s3-data-prefix", default="datasets/", metavar="PREFIX", help="which files are data (datasets/)")
    add("--dataset-key", metavar="KEY", help="read this object only, not all under the prefix")
    add("--dataset-version-id", metavar="ID", help="read this version of --dataset-key")
    add("--s3-results-bucket", metavar="BUCKET", help="where results go (environment: S3_RESULTS_BUCKET)")
    add("--s3-results-prefix", default="results/", metavar="PREFIX", help="results/")
    add("--output-file", metavar="PATH", help="write metrics.json to this local file too")
    add("--s3-output-file", metavar="KEY", help="write metrics.json to this key of the results bucket too")
    add("--success-criterion", default=DEFAULT_CRITERION, metavar="NAME", help=", ".join(CRITERIA))
    add("--use-dask", action="store_true", help="spread the windows over Dask (environment: USE_DASK=true)")
    add("--dask-threads", metavar="N", help="threads of a Dask worker (environment: DASK_THREADS, 2)")
    add("--max-workers", default="1", metavar="N", help="Dask worker processes; 1 stays in this process (1)")
    add("--aws-region", metavar="REGION", help="environment: AWS_REGION, us-east-1")
    return p


class _Check:
    """Collects faults, so that a person mends the command once."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def fault(self, name: str, allowed: str, found: object) -> None:
        self.faults.append(f"{name} must be {allowed}, not {found!r}.")

    def number(self, name: str, text: str, lowest: int, highest: int) -> int:
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if not lowest <= value <= highest:
            self.fault(name, f"a whole number from {lowest} to {highest}", text)
        return value

    def day(self, name: str, text: str | None) -> date | None:
        if text is None:
            return None
        try:
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            self.fault(name, "a day that exists, as YYYY-MM-DD", text)
            return None

    def boolean(self, name: str, text: str) -> bool:
        if text.strip().lower() not in _BOOLEANS:
            self.fault(name, "true or false", text)
        return _BOOLEANS.get(text.strip().lower(), False)

    def choice(self, name: str, text: str, allowed: Sequence[str]) -> str:
        if text not in allowed:
            self.fault(name, "one of " + ", ".join(allowed), text)
        return text

    def bucket(self, option: str, variable: str, text: str | None, env: Mapping[str, str]) -> str:
        text = text or env.get(variable)
        if not text:
            self.faults.append(f"{option} is missing. Give it, or set {variable}.")
        elif not _BUCKET.fullmatch(text):
            self.fault(option, "a bucket name: 3 to 63 lower-case letters, digits, dots, hyphens", text)
        return text or ""

    def key(self, name: str, text: str | None) -> str | None:
        if text is not None and not 0 < len(text.encode(errors="replace")) <= _LONGEST_KEY:
            self.fault(name, f"1 to {_LONGEST_KEY} bytes long", text)
        return text


def parse(argv: Sequence[str], env: Mapping[str, str] = os.environ, now: datetime | None = None) -> Options:
    """The options of this run. Raises UsageError with every fault; argparse itself exits 0 on --help."""
    args, unknown = parser().parse_known_args(argv)
    check = _Check()
    check.faults += [f"{text!r} is no option. Run with --help for the options." for text in unknown]
    start, end = check.day("--start-date", args.start_date), check.day("--end-date", args.end_date)
    if start and end and end < start:
        check.faults.append(f"--end-date {end} is before --start-date {start}. Swap them.")
    if args.dataset_version_id is not None and args.dataset_key is None:
        check.faults.append("--dataset-version-id needs --dataset-key: say which object's version it is.")
    region = args.aws_region or env.get("AWS_REGION") or "us-east-1"
    if not _REGION.fullmatch(region):
        check.fault("--aws-region", "a region such as us-east-1", region)
    job_id = env.get("PULSE_JOB_ID") or env.get("AWS_BATCH_JOB_ID") or _local_id(now or datetime.now(UTC))
    if not _JOB_ID.fullmatch(job_id):
        check.fault("PULSE_JOB_ID", "1 to 128 letters, digits, dots, colons, hyphens or underscores", job_id)
    prefix = check.key("--s3-results-prefix", args.s3_results_prefix) or ""
    output_key = check.key("--s3-output-file", args.s3_output_file)
    if output_key is not None and not output_key.startswith(prefix):
        check.fault("--s3-output-file", f"a key under {prefix}, where the job may write", output_key)
    threads = args.dask_threads or env.get("DASK_THREADS") or "2"
    options = Options(
        job_id=job_id,
        variables=tuple(dict.fromkeys(args.variables or ())),
        batch_size_days=check.number("--batch-size-days", args.batch_size_days, 1, 3650),
        start_date=start,
        end_date=end,
        s3_data_bucket=check.bucket("--s3-data-bucket", "S3_DATA_BUCKET", args.s3_data_bucket, env),
        s3_data_prefix=args.s3_data_prefix,
        dataset_key=check.key("--dataset-key", args.dataset_key),
        dataset_version_id=check.key("--dataset-version-id", args.dataset_version_id),
        s3_results_bucket=check.bucket(
            "--s3-results-bucket", "S3_RESULTS_BUCKET", args.s3_results_bucket, env
        ),
        s3_results_prefix=prefix,
        output_file=args.output_file,
        s3_output_file=output_key,
        success_criterion=check.choice("--success-criterion", args.success_criterion, tuple(CRITERIA)),
        use_dask=args.use_dask or check.boolean("USE_DASK", env.get("USE_DASK", "")),
        dask_threads=check.number("--dask-threads (or DASK_THREADS)", threads, 1, 256),
        max_workers=check.number("--max-workers", args.max_workers, 1, 256),
        aws_region=region,
        log_level=check.choice("LOG_LEVEL", env.get("LOG_LEVEL", "").upper() or "INFO", LEVELS),
    )
    if check.faults:
        raise UsageError(check.faults)
    return options


def _local_id(now: datetime) -> str:
    return f"local-{now:%Y%m%d%H%M%S}"
