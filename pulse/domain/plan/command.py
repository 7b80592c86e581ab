"""The training container's contract as a request fills it: command and environment.

Unchanged since the script that this system replaces, plus the options of `_reading`, `_forecasting`,
`_dataset`, `child_options` and `follower_options`. The container's own description is in training/README.md.
"""

import json
from datetime import date
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.deployment import Site
from pulse.domain.job.event import JOB_ID_VARIABLE, RESULTS_BUCKET_VARIABLE
from pulse.domain.request.arrays import Sweep
from pulse.domain.request.defaults import CONTAINER_CRITERION
from pulse.domain.request.job_request import JobRequest

COMMAND = ("python", "-m", "recursive_training.run_training")
"""The container's program; options follow."""


def command(request: JobRequest, catalogue: Catalogue, site: Site) -> list[str]:
    defaults = catalogue.request_defaults
    words = [*COMMAND]
    if chosen := variables(request, catalogue):
        words += ["--variables", *chosen]
    words += _reading(request, catalogue)
    words += ["--batch-size-days", str(request.batch_size_days or defaults.batch_size_days)]
    if start := _either(request.start_date, defaults.start_date):
        words += ["--start-date", start.isoformat()]
    if end := _either(request.end_date, defaults.end_date):
        words += ["--end-date", end.isoformat()]
    words += ["--s3-data-bucket", site.data_bucket, "--s3-results-bucket", site.results_bucket]
    if use_dask(request, catalogue):
        words.append("--use-dask")
    criterion = request.success_criterion or defaults.success_criterion
    if criterion != CONTAINER_CRITERION:
        words += ["--success-criterion", criterion]
    words += _forecasting(request)
    return words + _dataset(request)


def child_options(request: JobRequest) -> list[str]:
    """What makes a container one of the children; its index is in AWS_BATCH_JOB_ARRAY_INDEX."""
    if request.sweep:
        return [f"--sweep={request.sweep.option()}"]
    return [f"--shards={request.shards}"] if request.shards else []


def follower_options(request: JobRequest, job_id: str) -> list[str]:
    """What makes a container the one that merges the shards of `job_id`, or ranks its sweep."""
    task = (
        f"--summarize-sweep={request.sweep.option()}" if request.sweep else f"--merge-shards={request.shards}"
    )
    return [task, f"--results-of={job_id}"]


def environment(request: JobRequest, catalogue: Catalogue, site: Site, job_id: str) -> list[dict[str, str]]:
    defaults = catalogue.request_defaults
    values = {
        "S3_DATA_BUCKET": site.data_bucket,
        RESULTS_BUCKET_VARIABLE: site.results_bucket,
        "LOG_LEVEL": request.log_level or defaults.log_level,
        # Also when they say no, because the job definition may say something else.
        "USE_DASK": "true" if use_dask(request, catalogue) else "false",
        "DASK_THREADS": str(request.dask_threads or defaults.dask_threads),
        JOB_ID_VARIABLE: job_id,
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def variables(request: JobRequest, catalogue: Catalogue) -> tuple[str, ...]:
    """Empty: all numeric columns."""
    return catalogue.request_defaults.variables if request.variables is None else request.variables


def use_dask(request: JobRequest, catalogue: Catalogue) -> bool:
    return catalogue.request_defaults.use_dask if request.use_dask is None else request.use_dask


class Work(NamedTuple):
    """How much one container trains. `variables`: 0 for all numeric columns. No date: all the data has."""

    batch_size_days: int
    variables: int
    start: date | None
    end: date | None


def longest(request: JobRequest, catalogue: Catalogue) -> Work:
    """What the request's container with most to do does: of a sweep, every option at its largest."""
    sweep = request.sweep or Sweep()
    defaults = catalogue.request_defaults
    sets = sweep.variables or (variables(request, catalogue),)
    return Work(
        batch_size_days=min(sweep.batch_size_days or (request.batch_size_days or defaults.batch_size_days,)),
        variables=0 if not all(sets) else max(map(len, sets)),
        start=min(sweep.start_date) if sweep.start_date else _either(request.start_date, defaults.start_date),
        end=max(sweep.end_date) if sweep.end_date else _either(request.end_date, defaults.end_date),
    )


def missing_values(request: JobRequest, catalogue: Catalogue) -> tuple[float | str, ...]:
    """What means an empty cell, beside what always does."""
    given = request.missing_values
    return catalogue.request_defaults.missing_values if given is None else given


def _reading(request: JobRequest, catalogue: Catalogue) -> list[str]:
    """How the cells and the rows of the data are to be read."""
    words = []
    if missing := missing_values(request, catalogue):
        # One word, because a text may begin with a hyphen.
        words.append("--missing-values=" + json.dumps(missing, separators=(",", ":"), ensure_ascii=False))
    if request.id_columns:
        words += ["--id-columns", *request.id_columns]
    return words


def _forecasting(request: JobRequest) -> list[str]:
    """What the models are; nothing where the training chooses."""
    words = [] if request.model in (None, "auto") else ["--model", str(request.model)]
    return words + (["--season", str(request.season)] if request.season else [])


def _dataset(request: JobRequest) -> list[str]:
    words = ["--dataset-key", request.dataset] if request.dataset else []
    if request.dataset_version_id:
        # One word, because a version id may begin with a hyphen.
        words.append(f"--dataset-version-id={request.dataset_version_id}")
    return words


def _either(asked: date | UnsetType | None, default: date | None) -> date | None:
    return default if asked is UNSET else asked
