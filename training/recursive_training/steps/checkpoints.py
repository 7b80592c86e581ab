"""Checkpoints: the windows that are done are stored while a run goes on, and its next attempt starts there.

Below `checkpoints/<job id>/`, and there in the folder of a shard or a combination, lie blocks, each the
retrodictions of some tasks named by their own digest, and `checkpoint.json`, which lists them and is written
after them. It is used where it was made by the same code and libraries, with the same options, from the same
object versions; a window's numbers hang on nothing else, so the results are those of an uninterrupted run.

A run does not fail for want of a checkpoint: what cannot be stored or used is logged.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import islice
from types import TracebackType
from typing import Any, Self

from recursive_training.data.s3 import Bucket
from recursive_training.errors import (
    AccessDeniedError,
    MissingPartError,
    NoSuchDatasetError,
    ResultsNotWrittenError,
    TemporaryError,
    Terminated,
    TrainingError,
)
from recursive_training.logs import logger
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.options import Options
from recursive_training.resources import Usage
from recursive_training.results import frames
from recursive_training.results.files import as_json
from recursive_training.results.manifest import libraries
from recursive_training.steps.made_by import differences, made_by
from recursive_training.steps.preparation import Prepared
from recursive_training.steps.walk import Task

CHECKPOINT = "checkpoint.json"
EVERY_SECONDS = 30.0
"""A lost host costs so much work, and that of one task."""


@dataclass(frozen=True)
class Block:
    """`tasks`: which of the run's, by their place in its work, in the order of their windows."""

    key: str
    bytes: int
    sha256: str
    windows: int
    tasks: list[int]


class Checkpoints:
    """Of one run over its work. As a context manager: what was not stored yet is, when a run is interrupted.

    `used` tells what this attempt used until it is called.
    """

    def __init__(
        self,
        bucket: Bucket,
        options: Options,
        prepared: Prepared,
        work: Sequence[Task],
        used: Callable[[], Usage],
    ) -> None:
        self._bucket, self._prepared, self._work, self._used = bucket, prepared, work, used
        self._folder = f"checkpoints/{options.job_id}/{options.role.folder}"
        self._made_by = made_by(options) | {
            "libraries": libraries(use_dask=False),
            "read": [asdict(version) for version in prepared.data.read.versions],
        }
        self._stored_at, self._storing = time.monotonic(), True
        self._pending: dict[int, list[Retrodiction]] = {}
        self._blocks: list[Block] = []
        self._earlier = Usage()
        self.reused: list[Block] = []

    def used(self) -> Usage:
        """What all attempts used of which something was stored, and this one."""
        return self._used().after([self._earlier])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if isinstance(error, Terminated) or (isinstance(error, TrainingError) and error.exit_code.retry):
            self._store()

    def resume(self) -> dict[int, list[Retrodiction]]:
        """The retrodictions that earlier attempts have stored, by task. Raises TemporaryError."""
        uri = f"s3://{self._bucket.name}/{self._folder}{CHECKPOINT}"
        try:
            blocks = self._listed(self._bucket.read(self._folder + CHECKPOINT).payload)
        except MissingPartError as error:
            logger.warning("Checkpoint %s is not used: %s All windows are walked again.", uri, error)
            return {}
        except (NoSuchDatasetError, AccessDeniedError):
            return {}  # S3 denies a missing key to whoever may not list the bucket
        found: dict[int, list[Retrodiction]] = {}
        for block in blocks:
            try:
                found |= self._read(block)
            except (NoSuchDatasetError, AccessDeniedError) as error:
                logger.warning("A block of %s is not used: %s Its windows are walked again.", uri, error)
            else:
                self.reused.append(block)
        self._blocks = list(self.reused)
        windows = sum(block.windows for block in self.reused)
        logger.info("Resumed from %s: %d windows were walked by an earlier attempt", uri, windows)
        return found

    def add(self, task: int, parts: list[Retrodiction]) -> None:
        """Takes what came of a task, and stores all that is new about twice a minute."""
        self._pending[task] = parts
        if time.monotonic() - self._stored_at >= EVERY_SECONDS:
            self._store()

    def _listed(self, payload: bytes) -> list[Block]:
        """The blocks of a checkpoint of this very run. Raises MissingPartError."""
        try:
            document = json.loads(payload)
            found, blocks = dict(document["made_by"]), [Block(**one) for one in document["blocks"]]
            used, places = Usage(**document["used"]), range(len(self._work))
            whole = all(task in places for block in blocks for task in block.tasks)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise MissingPartError("it is damaged.") from error
        if not whole:
            raise MissingPartError("it is damaged.")
        if other := differences(found, self._made_by):
            raise MissingPartError(f"it was made with other options, data or code ({other}).")
        self._earlier = used
        return blocks

    def _read(self, block: Block) -> dict[int, list[Retrodiction]]:
        stored = self._bucket.read(block.key)
        if stored.sha256 != block.sha256:
            raise MissingPartError(f"{stored.uri} is not what its checkpoint names.")
        parts = frames.retrodictions(stored.payload, self._prepared.windows, stored.uri)
        expected = [
            (self._work[task].series.name, window.index)
            for task in block.tasks
            for window in self._work[task].windows
        ]
        if [(part.variable, part.window.index) for part in parts] != expected:
            raise MissingPartError(f"{stored.uri} holds other windows than its checkpoint names.")
        rest = iter(parts)
        return {task: list(islice(rest, len(self._work[task].windows))) for task in block.tasks}

    def _store(self) -> None:
        """A block of what is pending, and the list with it."""
        if not self._pending or not self._storing:
            return
        tasks = sorted(self._pending)
        parts = [part for task in tasks for part in self._pending[task]]
        payload = frames.parquet(parts)
        digest = sha256(payload).hexdigest()
        block = Block(f"{self._folder}{digest[:32]}.parquet", len(payload), digest, len(parts), tasks)
        try:
            self._bucket.write(block.key, payload, "application/vnd.apache.parquet")
            listed = self._document([*self._blocks, block])
            self._bucket.write(self._folder + CHECKPOINT, as_json(listed), "application/json")
        except TemporaryError as error:
            logger.warning("No checkpoint this time: %s", error)
        except (AccessDeniedError, ResultsNotWrittenError) as error:
            self._storing = False
            logger.warning("This run makes no checkpoints, its next attempt starts over: %s", error)
        else:
            self._blocks.append(block)
            self._pending.clear()
            logger.info("Checkpoint: %d windows in s3://%s/%s", len(parts), self._bucket.name, block.key)
        self._stored_at = time.monotonic()

    def _document(self, blocks: Sequence[Block]) -> dict[str, Any]:
        return {
            "made_by": self._made_by,
            "used": asdict(self.used()),
            "blocks": [asdict(block) for block in blocks],
        }
