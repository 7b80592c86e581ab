"""Objects to files: of the data set, and of the checkpoints."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from data_sidecar import keys
from data_sidecar.bucket import Bucket, StoredObject, in_parallel
from data_sidecar.failure import ExitCode, Failure
from data_sidecar.logs import logger
from data_sidecar.progress import Progress
from data_sidecar.refusals import disk_as_failure, no_room


@dataclass(frozen=True)
class DataSet:
    """What was read, for the manifest."""

    bucket: str = ""
    objects: tuple[StoredObject, ...] = ()


def data_set(bucket: Bucket, key: str, version_id: str | None, folder: Path) -> DataSet:
    """Downloads the object, or all objects below a key that ends in a slash. Raises Failure."""
    if key.endswith("/"):
        listed = [found for found in bucket.list(key) if not keys.is_passed_over(found.key, key)]
        paths = keys.below(key, (found.key for found in listed))
    else:
        paths = {key: keys.name_of(key)}
        listed = [bucket.look_up(key, version_id)]
    if not listed:
        sentence = f"There is no object below {bucket.uri(key)}. Check the bucket and the folder."
        raise Failure(ExitCode.MISSING, sentence)
    return DataSet(bucket.name, tuple(download(bucket, listed, paths, folder, f"Data set {key}")))


def download(
    bucket: Bucket,
    listed: list[StoredObject],
    paths: Mapping[str, PurePosixPath],
    folder: Path,
    what: str,
) -> list[StoredObject]:
    """Downloads the objects to their paths below the folder. Returns them with their versions, in order."""
    size = sum(found.size for found in listed)
    if size > shutil.disk_usage(folder).free:
        raise no_room(f"{what} ({size} bytes)")
    progress = Progress(what, size)

    def fetch(found: StoredObject) -> StoredObject:
        # A listing names no version.
        exact = found if found.version_id else bucket.look_up(found.key)
        file = folder / paths[found.key]
        with disk_as_failure(bucket.uri(found.key)):
            file.parent.mkdir(parents=True, exist_ok=True)
        bucket.download(exact, file, progress.add)
        return exact

    fetched = list(in_parallel(fetch, listed))
    logger.info("%s is here: %d bytes, objects: %d", what, size, len(fetched))
    return fetched
