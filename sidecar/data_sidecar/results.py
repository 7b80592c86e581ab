"""What the training has left in its results folder, and the manifest that vouches for it.

manifest.json is written last and once: the job's role is denied to overwrite it, as it is a claim.
"""

import hashlib
import json
import mimetypes
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from data_sidecar import files
from data_sidecar.bucket import Bucket, in_parallel
from data_sidecar.claim import CLAIM
from data_sidecar.clock import stamp
from data_sidecar.downloads import DataSet
from data_sidecar.failure import ExitCode, Failure
from data_sidecar.files import Found
from data_sidecar.logs import logger
from data_sidecar.settings import Settings

MANIFEST = "manifest.json"
_ONCE = (CLAIM, MANIFEST)
_LONGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Written:
    """Objects as the manifest has them; `left_out`: why, by the file's name."""

    objects: Sequence[Mapping[str, Any]] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def store_folder(bucket: Bucket, prefix: str, folder: Path) -> Written:
    """Stores all files of the folder. What cannot be is left out and told in the log. Raises Failure."""

    def store(found: Found) -> tuple[Found, dict[str, Any] | str]:
        refused = found.refused or _ours(found.name)
        return found, refused or _store_file(bucket, prefix + found.name, found.path)

    objects, left_out = [], {}
    for found, outcome in in_parallel(store, files.below(folder, prefix)):
        if isinstance(outcome, str):
            left_out[found.name] = outcome
            logger.warning("The result %s is left out: %s. The rest is stored.", found.name, outcome)
        else:
            objects.append(outcome)
    logger.info("Results stored below %s: %d", bucket.uri(prefix), len(objects))
    return Written(objects, left_out)


def store_texts(bucket: Bucket, prefix: str, texts: Mapping[str, str]) -> Written:
    """Stores these files, in their order. Raises Failure."""
    objects = []
    for name, text in texts.items():
        payload = text.encode()
        bucket.write(prefix + name, payload, content_type(name))
        digest = hashlib.sha256(payload).hexdigest()
        objects.append({"key": prefix + name, "sha256": digest, "size": len(payload)})
    return Written(objects)


def is_stored(bucket: Bucket, settings: Settings) -> bool:
    """Whether an earlier attempt of this AWS Batch job has stored the results, and was lost only then. Raises
    Failure (73 where the manifest is another's).
    """
    if settings.batch_job_id is None:
        return False
    key = settings.results_prefix + MANIFEST
    try:
        _, payload = bucket.read(key, _LONGEST)
    except Failure as failure:
        if failure.code in {ExitCode.MISSING, ExitCode.DENIED}:
            return False  # S3 denies a missing key to whoever may not list it
        raise
    try:
        mine = json.loads(payload)["aws_batch_job_id"] == settings.batch_job_id
    except (ValueError, TypeError, KeyError, RecursionError):
        mine = False
    if not mine:
        raise _not_ours(bucket, key)
    return True


def seal(  # noqa: PLR0913 - what a manifest says
    bucket: Bucket, settings: Settings, read: DataSet, written: Written, *, started: datetime, ended: datetime
) -> None:
    """Writes the manifest of a run that has ended with 0. Raises Failure."""
    document = {
        "job_id": settings.job_id,
        "aws_batch_job_id": settings.batch_job_id,
        "attempt": settings.attempt,
        "exit_code": 0,
        "started_at": stamp(started),
        "finished_at": stamp(ended),
        "parameters": settings.parameters,
        "read": {
            "bucket": read.bucket,
            "objects": [
                {"key": one.key, "version_id": one.version_id, "size": one.size, "etag": one.etag}
                for one in read.objects
            ],
        },
        "written": {"bucket": bucket.name, "objects": written.objects},
        "left_out": written.left_out,
        "data_container": {"python": platform.python_version(), "boto3": version("boto3")},
    }
    key = settings.results_prefix + MANIFEST
    payload = json.dumps(document, indent=2).encode()
    # The client may have sent it twice and lost the first answer.
    if not bucket.create(key, payload, "application/json") and bucket.read(key, _LONGEST)[1] != payload:
        raise _not_ours(bucket, key)
    logger.info("Wrote %s", bucket.uri(key))


def content_type(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind == "text/html" else kind


def _store_file(bucket: Bucket, key: str, path: Path) -> dict[str, Any] | str:
    """The object as the manifest has it, or why there is none."""
    try:
        with files.opened(path) as stream:
            digest, size = hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()
            stream.seek(0)
            if key.rpartition("/")[2] not in _ONCE:
                bucket.upload(stream, key, content_type(key))
            # Deeper in the folder, too, the job's role may only create what has these names.
            elif size > _LONGEST or not bucket.create(key, stream.read(), content_type(key)):
                return f"a file of that name is written once, and with {_LONGEST} bytes at most"
    except FileNotFoundError:
        return "it has gone"
    return {"key": key, "sha256": digest, "size": size}


def _ours(name: str) -> str:
    return "Pulse keeps its own file under that name, so choose another" if name in _ONCE else ""


def _not_ours(bucket: Bucket, key: str) -> Failure:
    return Failure(
        ExitCode.NOT_STORED,
        f"{bucket.uri(key)} is there already and is not this job's: another job wrote below this run's "
        "folder. Do not use what lies there; its versions say who wrote it. Submit the run again.",
    )
