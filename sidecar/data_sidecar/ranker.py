"""Reads what the children of a sweep have measured, and stores who was best."""

from data_sidecar import ranking, sweep
from data_sidecar.bucket import Bucket, StoredObject, in_parallel
from data_sidecar.downloads import DataSet
from data_sidecar.failure import ExitCode, Failure
from data_sidecar.logs import logger
from data_sidecar.ranking import Child
from data_sidecar.results import Written, store_texts
from data_sidecar.settings import Rank, Settings

_MOST_NAMED = 10


def rank(bucket: Bucket, settings: Settings, how: Rank) -> tuple[DataSet, Written]:
    """What was read and written. Raises Failure (66 that names the children without a file)."""
    combinations = sweep.combinations(settings.grid)
    folders = [f"{settings.results_prefix}sweep/{index}/" for index in range(len(combinations))]
    found = list(in_parallel(lambda folder: _read(bucket, folder + how.file), folders))
    missing = [index for index, one in enumerate(found) if one is None]
    if missing:
        first = bucket.uri(folders[missing[0]] + how.file)
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        raise Failure(
            ExitCode.MISSING,
            f"Run {how.results_of}: of its {len(found)} children these wrote no {how.file}: "
            f"{', '.join(map(str, missing[:_MOST_NAMED]))}{more} ({first}). "
            "Let the training write it, and submit the run again.",
        )
    read = [one for one in found if one is not None]
    children = [
        Child(index, parameters, ranking.numbers(payload), bucket.uri(folder))
        for index, (parameters, (_, payload), folder) in enumerate(
            zip(combinations, read, folders, strict=True)
        )
    ]
    ranked = ranking.rank(children, how)
    texts = {
        ranking.REPORT: ranking.report(ranked, how, how.results_of),
        how.file: ranking.metrics(ranked, how),
    }
    best = ranked[0]
    logger.info("Best of %d combinations: %d, %s", len(ranked), best.index, dict(best.parameters))
    written = store_texts(bucket, settings.results_prefix, texts)
    return DataSet(bucket.name, tuple(one for one, _ in read)), written


def _read(bucket: Bucket, key: str) -> tuple[StoredObject, bytes] | None:
    try:
        return bucket.read(key, ranking.MOST_BYTES)
    except Failure as failure:
        if failure.code is ExitCode.MISSING:
            return None
        if failure.code is ExitCode.DENIED:
            hint = "Where s3:ListBucket is not allowed either, S3 answers so for an object that is missing."
            raise Failure(failure.code, f"{failure} {hint}") from failure
        raise
