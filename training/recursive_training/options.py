"""The command line: the old container's options under their old names and defaults, and ours.

argparse only splits the line. Every value is checked here and all faults are told at once.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import NoReturn

from recursive_training import grid, role
from recursive_training.checks import AUTO, Check
from recursive_training.errors import UsageError
from recursive_training.logs import LEVELS
from recursive_training.model.inputs import NAMES, Choice
from recursive_training.model.trust import CRITERIA, DEFAULT_CRITERION
from recursive_training.role import Kind, Role


@dataclass(frozen=True)
class Options:
    """A checked request. An empty `variables` means every numeric column; dates are inclusive.

    `id_columns` tell the rows of one time apart, `missing_values` mean an empty cell. `model`: to choose
    from, none for all; `season`: in observations, None: found. `job_id` is the run's, whose results this
    container writes or completes.
    """

    job_id: str
    aws_batch_job_id: str | None
    role: Role
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
    id_columns: tuple[str, ...]
    missing_values: tuple[float | str, ...]
    success_criterion: str
    model: tuple[str, ...]
    season: int | None
    use_dask: bool
    dask_threads: int
    max_workers: int
    aws_region: str
    log_level: str

    @property
    def choice(self) -> Choice:
        """What the forecasts are made of."""
        return Choice(self.model, self.season)

    @property
    def results_folder(self) -> str:
        """The key prefix below which this container writes, ending in a slash."""
        return self.run_folder + self.role.folder

    @property
    def run_folder(self) -> str:
        """The key prefix of the whole run's results, ending in a slash."""
        return f"{self.s3_results_prefix}{self.job_id}/"

    @property
    def data_prefix(self) -> str | None:
        """The folder whose tables are read; None when --dataset-key names one object."""
        if self.dataset_key is None:
            return self.s3_data_prefix
        return self.dataset_key if self.dataset_key.endswith("/") else None


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
    add("--dataset-key", metavar="KEY", help="read this object only (or, ending in /, this folder)")
    add("--dataset-version-id", metavar="ID", help="read this version of --dataset-key")
    add(
        "--id-columns",
        nargs="*",
        metavar="NAME",
        help="columns that make each of their ids a variable (long format)",
    )
    add("--missing-values", metavar="JSON", help="a list of numbers and texts that mean a missing value")
    add("--s3-results-bucket", metavar="BUCKET", help="where results go (environment: S3_RESULTS_BUCKET)")
    add("--s3-results-prefix", default="results/", metavar="PREFIX", help="results/")
    add("--output-file", metavar="PATH", help="write metrics.json to this local file too")
    add("--s3-output-file", metavar="KEY", help="write metrics.json to this key of the results bucket too")
    add("--success-criterion", default=DEFAULT_CRITERION, metavar="NAME", help=", ".join(CRITERIA))
    add(
        "--model",
        default=AUTO,
        metavar="NAME,…",
        help=f"choose from these models only: {', '.join(NAMES)} ({AUTO}: all)",
    )
    add(
        "--season",
        default=AUTO,
        metavar="N",
        help=f"observations in a season; 1: none ({AUTO}: found in the data)",
    )
    add("--use-dask", action="store_true", help="spread the windows over Dask (environment: USE_DASK=true)")
    add("--dask-threads", metavar="N", help="threads of a Dask worker (environment: DASK_THREADS, 2)")
    add("--max-workers", default="1", metavar="N", help="Dask worker processes; 1 stays in this process (1)")
    add("--aws-region", metavar="REGION", help="environment: AWS_REGION, us-east-1")
    add("--shards", metavar="N", help="walk one of N blocks of the windows, as a child of an array job")
    add("--merge-shards", metavar="N", help="make the results of --results-of from its N shards")
    add(
        "--sweep",
        metavar="JSON",
        help="run one combination of {option: [values]}, as a child of an array job",
    )
    add("--summarize-sweep", metavar="JSON", help="rank the combinations of --results-of")
    add("--results-of", metavar="JOB_ID", help="whose shards or sweep to complete")
    return p


def parse(argv: Sequence[str], env: Mapping[str, str] = os.environ, now: datetime | None = None) -> Options:
    """The options of this run. Raises UsageError with every fault; argparse itself exits 0 on --help."""
    args, unknown = parser().parse_known_args(argv)
    check = Check()
    check.faults += [f"{text!r} is no option. Run with --help for the options." for text in unknown]
    start = None if args.start_date is None else check.day("--start-date", args.start_date)
    end = None if args.end_date is None else check.day("--end-date", args.end_date)
    mine = role.read(args, env, check)
    for first in grid.values(mine.grid, "start_date") or [start]:
        for last in grid.values(mine.grid, "end_date") or [end]:
            check.period(first, last)
    if args.dataset_version_id is not None and (args.dataset_key or "/").endswith("/"):
        check.faults.append("--dataset-version-id needs --dataset-key: say which object's version it is.")
    prefix = check.key("--s3-results-prefix", args.s3_results_prefix) or ""
    output_key = check.key("--s3-output-file", args.s3_output_file)
    if output_key is not None and not output_key.startswith(prefix):
        check.fault("--s3-output-file", f"a key under {prefix}, where the job may write", output_key)
    threads = args.dask_threads or env.get("DASK_THREADS") or "2"
    options = Options(
        job_id=check.job_id(
            "PULSE_JOB_ID" if args.results_of is None else "--results-of",
            _run_id(mine, args.results_of, env, now),
        ),
        aws_batch_job_id=env.get("AWS_BATCH_JOB_ID") or None,
        role=mine,
        variables=tuple(dict.fromkeys(args.variables or ())),
        batch_size_days=check.number("--batch-size-days", args.batch_size_days, 1, grid.LONGEST_WINDOW),
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
        # Of the children of an array each would overwrite the other's; what follows them writes these.
        output_file=None if mine.folder else args.output_file,
        s3_output_file=None if mine.folder else output_key,
        id_columns=tuple(dict.fromkeys(args.id_columns or ())),
        missing_values=check.missing_values("--missing-values", args.missing_values),
        success_criterion=check.choice("--success-criterion", args.success_criterion, tuple(CRITERIA)),
        model=check.model("--model", args.model),
        season=check.season("--season", args.season),
        use_dask=args.use_dask or check.boolean("USE_DASK", env.get("USE_DASK", "")),
        dask_threads=check.number("--dask-threads (or DASK_THREADS)", threads, 1, 256),
        max_workers=check.number("--max-workers", args.max_workers, 1, 256),
        aws_region=check.region("--aws-region", args.aws_region or env.get("AWS_REGION") or "us-east-1"),
        log_level=check.choice("LOG_LEVEL", env.get("LOG_LEVEL", "").upper() or "INFO", LEVELS),
    )
    if check.faults:
        raise UsageError(check.faults)
    if mine.kind is Kind.COMBINATION and mine.index is not None:
        return replace(options, **grid.chosen(mine.grid, mine.index))
    return options


def _run_id(mine: Role, results_of: str | None, env: Mapping[str, str], now: datetime | None) -> str:
    if results_of is not None:
        return results_of
    batch_job_id = env.get("AWS_BATCH_JOB_ID", "")
    if mine.index is not None:
        batch_job_id = batch_job_id.partition(":")[0]  # a child's id is its parent's and the index
    return env.get("PULSE_JOB_ID") or batch_job_id or f"local-{now or datetime.now(UTC):%Y%m%d%H%M%S}"
