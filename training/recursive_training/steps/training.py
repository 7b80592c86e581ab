"""One container's work from S3 to S3: claim the run, then do what its role in it is."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from recursive_training.data.s3 import Bucket, client
from recursive_training.options import Options
from recursive_training.resources import usage
from recursive_training.role import Kind
from recursive_training.steps import merge, shard, summary
from recursive_training.steps.checkpoints import Checkpoints
from recursive_training.steps.claim import claim
from recursive_training.steps.completion import Walked, complete, done
from recursive_training.steps.preparation import prepare
from recursive_training.steps.walk import walk


def train(options: Options, started: float) -> None:
    """`started`: time.monotonic() when the program began. Raises TrainingError."""
    s3 = client(options.aws_region)
    results = Bucket(s3, options.s3_results_bucket)
    claim(results, options, datetime.now(UTC))
    _WORK[options.role.kind](options, Bucket(s3, options.s3_data_bucket), results, started)
    done(options, started)


def _whole(options: Options, data: Bucket, results: Bucket, started: float) -> None:
    prepared = prepare(data, options)
    work = prepared.tasks(options, prepared.walked)
    with Checkpoints(results, options, prepared, work, lambda: usage(started)) as kept:
        parts, workers = walk(work, options, kept.resume(), kept.add)
        walked = Walked(parts, lambda: kept.used() + workers, kept.reused)
        complete(prepared, walked, options, results)


_WORK: Mapping[Kind, Callable[[Options, Bucket, Bucket, float], None]] = {
    Kind.RUN: _whole,
    Kind.COMBINATION: _whole,
    Kind.SHARD: shard.walk_block,
    Kind.MERGE: merge.merge,
    Kind.SUMMARY: summary.summarize,
}
