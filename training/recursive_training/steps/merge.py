"""Merges the shards of a run: the same files as if one container had walked all its windows."""

from collections.abc import Sequence
from hashlib import sha256

from recursive_training.data.s3 import Bucket, StoredObject
from recursive_training.data.sources import Version
from recursive_training.errors import MissingPartError
from recursive_training.logs import logger
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.options import Options
from recursive_training.resources import Usage, usage
from recursive_training.results import files, frames
from recursive_training.role import Kind
from recursive_training.steps import children
from recursive_training.steps.completion import Walked, complete
from recursive_training.steps.made_by import differences, made_by
from recursive_training.steps.preparation import Prepared, prepare
from recursive_training.steps.shard import SHARD, Shard, parsed


def merge(options: Options, data: Bucket, bucket: Bucket, started: float) -> None:
    """Reads the object versions that the shards read. Raises TrainingError."""
    shards = [parsed(stored) for stored in children.read(bucket, options, Kind.SHARD, SHARD)]
    _demand_agreement(shards, options)
    prepared = prepare(data, options, shards[0].listing)
    walked = children.read(bucket, options, Kind.SHARD, files.RETRODICTIONS)
    parts = _in_order(prepared, _parts(shards, walked, prepared))
    logger.info("Merged %d shards: %d windows", len(shards), len(prepared.walked))
    reused = [block for one in shards for block in one.reused]

    def used() -> Usage:
        return usage(started).after([one.used for one in shards])

    complete(prepared, Walked(parts, used, reused), options, bucket)


def _demand_agreement(shards: Sequence[Shard], options: Options) -> None:
    mine = made_by(options)
    for index, one in enumerate(shards):
        if said := differences(one.made_by, mine):
            raise MissingPartError(
                f"Shard {index} of run {options.job_id} was made with other options or other code than its "
                f"merge has: {said}. Merge with the same, or submit the run again."
            )
        if one.listing.versions != shards[0].listing.versions:
            raise MissingPartError(
                f"Shards 0 and {index} of run {options.job_id} read different objects of "
                f"s3://{options.s3_data_bucket}: {_difference(shards[0], one)}. "
                "Submit the run again, and name the version with --dataset-version-id."
            )


def _difference(first: Shard, other: Shard) -> str:
    """What only the one and only the other has read."""
    mine, theirs = set(first.listing.versions), set(other.listing.versions)
    return " and ".join(_named(mine - theirs) for mine, theirs in ((mine, theirs), (theirs, mine)))


def _named(versions: set[Version]) -> str:
    named = [f"{v.key} (version {v.version_id}, ETag {v.etag})" for v in versions]
    return ", ".join(sorted(named)) or "nothing more"


def _parts(shards: Sequence[Shard], walked: Sequence[StoredObject], prepared: Prepared) -> list[Retrodiction]:
    parts = []
    for one, stored in zip(shards, walked, strict=True):
        if sha256(stored.payload).hexdigest() != one.sha256:
            raise MissingPartError(f"{stored.uri} is not what its shard wrote. Submit the run again.")
        parts += frames.retrodictions(stored.payload, prepared.windows, stored.uri)
    return parts


def _in_order(prepared: Prepared, parts: Sequence[Retrodiction]) -> list[Retrodiction]:
    """Variable by variable, window by window: trust is updated in that order. All of them, each once."""
    found = {(part.variable, part.window.index): part for part in parts}
    expected = [
        (series.name, window.index)
        for series, windows in zip(prepared.data.series, prepared.usable, strict=True)
        for window in windows
    ]
    if len(parts) != len(found) or found.keys() != set(expected):
        raise MissingPartError(
            f"The shards hold {len(parts)} retrodicted windows, not the {len(expected)} there are. "
            "Submit the run again."
        )
    return [found[key] for key in expected]
