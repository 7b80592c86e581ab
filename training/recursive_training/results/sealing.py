"""manifest.json is written once: it says what the run wrote, and no job may write another in its place.

The job's role is denied to overwrite it. Whoever changes another file of the run afterwards leaves a SHA-256
that is not the manifest's.
"""

import json
from collections.abc import Mapping
from typing import Any

from recursive_training.data.s3 import Bucket
from recursive_training.errors import AccessDeniedError, NoSuchDatasetError, ResultsNotWrittenError
from recursive_training.logs import logger

_CONSTANT = (".parquet", "summary.json")
"""What is the same in each attempt, as the models are; the rest tells how long the run took."""


def is_sealed(bucket: Bucket, key: str, manifest: Mapping[str, Any]) -> bool:
    """Whether an earlier attempt has stored the same results whole. Raises ResultsNotWrittenError when the
    manifest that is there is another's, and TemporaryError.
    """
    try:
        stored = bucket.read(key)
    except (AccessDeniedError, NoSuchDatasetError):
        return False  # S3 denies a missing key to whoever may not list the bucket
    if _written(stored.payload) != _constant(manifest):
        raise _not_ours(bucket, key)
    logger.info("An earlier attempt has stored these results: %s", stored.uri)
    return True


def seal(bucket: Bucket, key: str, payload: bytes) -> None:
    """Writes the manifest. Raises ResultsNotWrittenError when another is there, and what S3 refuses."""
    if not bucket.create(key, payload, "application/json"):
        raise _not_ours(bucket, key)
    logger.info("Wrote s3://%s/%s (%d bytes)", bucket.name, key, len(payload))


def _written(payload: bytes) -> dict[str, str] | None:
    try:
        return _constant(json.loads(payload))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _constant(manifest: Mapping[str, Any]) -> dict[str, str]:
    objects = manifest["written"]["objects"]
    return {
        one["key"]: one["sha256"]
        for one in objects
        if one["key"].endswith(_CONSTANT) or "/model/" in one["key"]
    }


def _not_ours(bucket: Bucket, key: str) -> ResultsNotWrittenError:
    return ResultsNotWrittenError(
        f"s3://{bucket.name}/{key} is there already and tells of other results: another job wrote below this "
        "run's folder. Do not use what lies there; its versions say who wrote it. Run this one again."
    )
