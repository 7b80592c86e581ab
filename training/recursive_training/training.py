"""One training run from S3 to S3: read, cut, walk, judge, store."""

import time
from datetime import UTC, datetime

from recursive_training import dataset, outcome, report, results, walk, windows
from recursive_training.errors import TooLittleDataError, some
from recursive_training.logs import logger
from recursive_training.manifest import manifest
from recursive_training.options import Options
from recursive_training.resources import usage
from recursive_training.s3 import Bucket, client


def train(options: Options, started: float) -> None:
    """`started`: time.monotonic() when the program began. Raises TrainingError."""
    s3 = client(options.aws_region)
    data = dataset.load(Bucket(s3, options.s3_data_bucket), options)
    span = windows.cut(data.start, data.end, options.batch_size_days)
    usable = [windows.usable(series, span, options.batch_size_days) for series in data.series]
    left_out = data.left_out + [sentence for one in usable for sentence in one.left_out]
    for sentence in left_out:
        logger.warning("Left out: %s", sentence)
    work = [
        task
        for series, one in zip(data.series, usable, strict=True)
        for task in walk.tasks(series, one.windows, options.batch_size_days)
    ]
    if not work:
        raise TooLittleDataError(
            f"No window between {data.start} and {data.end} has enough history before it in {data.where}. "
            f"{some(left_out)} Load more history, start later, or take a smaller --batch-size-days."
        )
    logger.info(
        "Run %s: %d variables, %s to %s, windows of %d days",
        options.job_id, len(data.series), data.start, data.end, options.batch_size_days,
    )  # fmt: skip
    if options.use_dask:
        parts, workers = walk.with_dask(work, options.dask_threads, options.max_workers)
    else:
        parts, workers = walk.serially(work)
    outcomes = [
        outcome.judge(series, mine, options.success_criterion)
        for series in data.series
        if (mine := [part for part in parts if part.variable == series.name])
    ]
    files = {
        results.RETRODICTIONS: results.parquet(outcomes),
        **results.models(outcomes, options.batch_size_days),
    }
    used = usage(started) + workers
    metrics = outcome.metrics(options.job_id, data, outcomes, left_out, used)
    files[results.REPORT] = report.render(metrics, outcomes, options)
    files[results.METRICS] = results.as_json(metrics)
    keyed = {options.results_folder + name: payload for name, payload in files.items()}
    if options.s3_output_file:
        keyed = {options.s3_output_file: files[results.METRICS], **keyed}
    record = manifest(options, data.sources, keyed, usage(started) + workers, datetime.now(UTC))
    keyed[options.results_folder + results.MANIFEST] = results.as_json(record)
    if options.output_file:
        results.store_locally(options.output_file, files[results.METRICS])
    results.store(Bucket(s3, options.s3_results_bucket), keyed)
    for one in outcomes:
        logger.info(
            "%s: trust %.2f, MAE %.4g, skill against persistence %s, coverage %.0f %%, %d windows",
            one.name, one.trust.mean, one.scores.mae, report.signed(one.scores.skill_vs_persistence),
            100 * one.scores.coverage, one.trust.windows,
        )  # fmt: skip
    logger.info(
        "Done in %.1f s: s3://%s/%s",
        time.monotonic() - started,
        options.s3_results_bucket,
        options.results_folder,
    )
