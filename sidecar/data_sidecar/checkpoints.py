"""Checkpoints: what the training keeps for its next attempt, mirrored in S3."""

import os
from pathlib import Path

from data_sidecar import files, keys
from data_sidecar.bucket import Bucket, in_parallel
from data_sidecar.downloads import download
from data_sidecar.failure import Failure
from data_sidecar.files import Found
from data_sidecar.logs import logger
from data_sidecar.shared_folder import open_to_everybody

_CONTENT_TYPE = "application/octet-stream"
Stamp = tuple[int, int]
"""Size and time of the last change: a file that has the same ones is the same."""
_NEVER: Stamp = (-1, -1)


class Checkpoints:
    def __init__(self, bucket: Bucket, prefix: str, folder: Path) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._folder = folder
        self._stored: dict[str, Stamp] = {}
        self._gone: set[str] = set()
        self._told: set[str] = set()

    def restore(self) -> None:
        """Downloads what an attempt before has stored, with the times of then. Raises Failure."""
        listed = [found for found in self._bucket.list(self._prefix) if not found.key.endswith("/")]
        if not listed:
            return
        paths = keys.below(self._prefix, (found.key for found in listed))
        download(self._bucket, listed, paths, self._folder, "What an earlier attempt kept")
        for found in listed:
            path = self._folder / paths[found.key]
            moment = found.modified.timestamp()
            os.utime(path, (moment, moment))
            open_to_everybody(path, self._folder)
            self._stored[str(paths[found.key])] = _stamp(path)

    def store(self) -> None:
        """Stores what has changed since the last time. Raises Failure."""
        changed = [found for found in self._present() if self._stored.get(found.name) != _stamp(found.path)]
        for name, stamp in in_parallel(self._upload, changed):
            self._stored[name] = stamp
        if changed:
            logger.info("Checkpoints stored below %s: %d", self._bucket.uri(self._prefix), len(changed))

    def tidy(self, *, has_ended: bool = False) -> None:
        """Removes from S3 what the training has removed. While it runs only what is missing for the second
        time: it may take the old one away before it writes the next. Raises Failure.
        """
        absent = self._stored.keys() - {found.name for found in self._present()}
        lost = sorted(absent if has_ended else absent & self._gone)
        self._bucket.delete([self._prefix + name for name in lost])
        for name in lost:
            del self._stored[name]
        self._gone = absent - set(lost)

    def remove(self) -> None:
        """Removes all of them from S3: the run has its results. What S3 refuses is a line in the log."""
        try:
            self._bucket.delete([found.key for found in self._bucket.list(self._prefix)])
        except Failure as failure:
            logger.warning("The run has its results, and keeps its checkpoints: %s", failure)

    def _upload(self, found: Found) -> tuple[str, Stamp]:
        before = _stamp(found.path)
        try:
            with files.opened(found.path) as stream:
                self._bucket.upload(stream, self._prefix + found.name, _CONTENT_TYPE)
        except FileNotFoundError:
            return found.name, _NEVER
        # What is still being written is stored once more the next time.
        return found.name, before if before == _stamp(found.path) else _NEVER

    def _present(self) -> list[Found]:
        present = []
        for found in files.below(self._folder, self._prefix):
            if not found.refused:
                present.append(found)
            elif found.name not in self._told:
                self._told.add(found.name)
                logger.warning("The checkpoint %s is left out: %s", found.name, found.refused)
        return present


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except FileNotFoundError:
        return _NEVER
    return status.st_size, status.st_mtime_ns
