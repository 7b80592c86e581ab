"""From the retrodictions of all windows to the files of a run: judge, fit the final models, store."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from recursive_training.data.s3 import Bucket
from recursive_training.data.tables import RULES
from recursive_training.logs import logger
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.options import Options
from recursive_training.resources import Usage
from recursive_training.results import files as results
from recursive_training.results import frames, outcome, report, sealing
from recursive_training.results.manifest import manifest
from recursive_training.steps.checkpoints import Block
from recursive_training.steps.preparation import Prepared


@dataclass(frozen=True)
class Walked:
    """`parts`: of each variable in the order of its windows. `used` tells what was used until it is called,
    `reused` what came from checkpoints.
    """

    parts: Sequence[Retrodiction]
    used: Callable[[], Usage]
    reused: Sequence[Block]


def complete(prepared: Prepared, walked: Walked, options: Options, bucket: Bucket) -> None:
    """Raises TrainingError when something cannot be stored."""
    data = prepared.data
    by_variable: dict[str, list[Retrodiction]] = defaultdict(list)
    for part in walked.parts:
        by_variable[part.variable].append(part)
    outcomes = [
        outcome.judge(series, by_variable[series.name], options.success_criterion)
        for series in data.series
        if series.name in by_variable
    ]
    models, forecasts = results.what_comes_next(outcomes, options.batch_size_days, options.choice)
    files = {
        results.RETRODICTIONS: frames.parquet([part for one in outcomes for part in one.parts]),
        **models,
    }
    metrics = outcome.metrics(options.job_id, data, outcomes, prepared.left_out, walked.used())
    files[results.REPORT] = report.render(metrics, outcomes, forecasts, options)
    files[results.METRICS] = results.as_json(metrics)
    read = {
        "bucket": options.s3_data_bucket,
        "objects": [asdict(source) for source in data.sources],
        "rules": list(RULES),
        "notes": data.reading,
        "checkpoints": [asdict(block) for block in walked.reused],
    }
    store(options, bucket, files, read, walked.used)
    for one in outcomes:
        logger.info(
            "%s: trust %.2f, MAE %.4g, skill against persistence %s, coverage %.0f %%, %d windows",
            one.name, one.trust.mean, one.scores.mae, report.signed(one.scores.skill_vs_persistence),
            100 * one.scores.coverage, one.trust.windows,
        )  # fmt: skip


def store(
    options: Options,
    bucket: Bucket,
    files: dict[str, bytes],
    read: Mapping[str, object],
    used: Callable[[], Usage],
) -> None:
    """Writes the files below the results folder, metrics.json where the options say too, and a manifest. In
    AWS Batch that is written once: where an earlier attempt came so far, nothing is left to do.
    """
    keyed = {options.results_folder + name: payload for name, payload in files.items()}
    if options.s3_output_file:
        keyed = {options.s3_output_file: files[results.METRICS], **keyed}
    record = manifest(options, read, keyed, used(), datetime.now(UTC))
    if options.output_file:
        results.store_locally(options.output_file, files[results.METRICS])
    key, seal = options.results_folder + results.MANIFEST, results.as_json(record)
    if options.aws_batch_job_id is None:
        results.store(bucket, keyed | {key: seal})
    elif not sealing.is_sealed(bucket, key, record):
        results.store(bucket, keyed)
        sealing.seal(bucket, key, seal)


def done(options: Options, started: float) -> None:
    """The last line of a run. `started`: time.monotonic() when the program began."""
    seconds = time.monotonic() - started
    logger.info("Done in %.1f s: s3://%s/%s", seconds, options.s3_results_bucket, options.results_folder)
