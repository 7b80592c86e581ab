"""One shard of a run: walks its block of the windows, and leaves what the merge needs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from recursive_training.data.s3 import Bucket, StoredObject
from recursive_training.data.sources import Listing, Version
from recursive_training.errors import MissingPartError
from recursive_training.logs import logger
from recursive_training.options import Options
from recursive_training.resources import Usage, usage
from recursive_training.results import files as results
from recursive_training.results import frames
from recursive_training.steps.checkpoints import Block, Checkpoints
from recursive_training.steps.made_by import made_by
from recursive_training.steps.preparation import prepare
from recursive_training.steps.walk import walk

SHARD = "shard.json"


@dataclass(frozen=True)
class Shard:
    """A shard.json. `made_by`: what must be the same in all shards and their merge, as JSON has it.

    `sha256` is that of its retrodictions.parquet.
    """

    made_by: dict[str, Any]
    listing: Listing
    used: Usage
    sha256: str
    reused: list[Block]


def walk_block(options: Options, data: Bucket, bucket: Bucket, started: float) -> None:
    """Writes retrodictions.parquet and, last, shard.json. Raises TrainingError."""
    role = options.role
    prepared = prepare(data, options)
    mine = block(prepared.walked, role.index or 0, role.count)
    logger.info(
        "Shard %d of %d: %d of %d windows", role.index, role.count, len(mine), len(prepared.walked)
    )  # fmt: skip
    work = prepared.tasks(options, set(mine))
    with Checkpoints(bucket, options, prepared, work, lambda: usage(started)) as kept:
        parts, workers = walk(work, options, kept.resume(), kept.add)
    payload = frames.parquet(parts)
    document = {
        "job_id": options.job_id,
        "index": role.index,
        "made_by": made_by(options),
        "windows": len(mine),
        "read": asdict(prepared.data.read),
        "left_out": prepared.left_out,
        "retrodictions_sha256": sha256(payload).hexdigest(),
        "used": asdict(kept.used() + workers),
        "reused": [asdict(block) for block in kept.reused],
    }
    files = {results.RETRODICTIONS: payload, SHARD: results.as_json(document)}
    results.store(bucket, {options.results_folder + name: body for name, body in files.items()})


def block(windows: Sequence[int], index: int, count: int) -> Sequence[int]:
    """The index-th of `count` contiguous blocks whose lengths differ by one at most; it may be empty."""
    return windows[index * len(windows) // count : (index + 1) * len(windows) // count]


def parsed(stored: StoredObject) -> Shard:
    """Raises MissingPartError when the object is no shard.json."""
    try:
        document = json.loads(stored.payload)
        read = document["read"]
        return Shard(
            made_by=dict(document["made_by"]),
            listing=Listing([Version(**one) for one in read["versions"]], list(read["left_out"])),
            used=Usage(**document["used"]),
            sha256=document["retrodictions_sha256"],
            reused=[Block(**one) for one in document["reused"]],
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MissingPartError(f"{stored.uri} is no shard's record. Submit the run again.") from error
