"""What the data container does, in order: claim, download, wait for the training, store."""

from dataclasses import dataclass
from datetime import datetime

from data_sidecar import downloads, ranker, results, sweep
from data_sidecar.bucket import Bucket
from data_sidecar.checkpoints import Checkpoints
from data_sidecar.claim import claim
from data_sidecar.clock import POLL_SECONDS, Clock
from data_sidecar.downloads import DataSet
from data_sidecar.failure import ExitCode, Failure
from data_sidecar.logs import logger
from data_sidecar.refusals import disk_as_failure
from data_sidecar.settings import Settings
from data_sidecar.shared_folder import SharedFolder

BETWEEN_CHECKPOINTS_SECONDS = 60
GRACE_SECONDS = 15
"""How long the training has after SIGTERM to write a checkpoint: half of what is left before SIGKILL
(https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html), so that it can be stored.
"""
_NOTHING_TO_DO = "exit 0\n"


@dataclass
class Job:
    settings: Settings
    folder: SharedFolder
    data: Bucket
    results: Bucket
    clock: Clock

    def __post_init__(self) -> None:
        prefix = self.settings.checkpoints_prefix
        self._checkpoints = Checkpoints(self.results, prefix, self.folder.checkpoints)

    def do(self) -> int:
        """The exit code. Raises Failure, and Terminated while the training has not begun."""
        started = self.clock.now()
        claim(self.results, self.settings, started)
        if results.is_stored(self.results, self.settings):
            logger.info("An earlier attempt has stored the results: there is nothing to do")
            self._begin(_NOTHING_TO_DO)
            code = self._until_ended()
        else:
            read = self._prepare()
            code = self._until_ended()
            if code is None:
                self._checkpoints.store()
            elif code == 0:
                self._store(read, started)
            else:
                self._store_what_there_is(code)
        if code is None:
            logger.info("Stopped before the training had ended; its checkpoints are stored")
            return int(ExitCode.TERMINATED)
        with disk_as_failure("The mark that the results are stored"):
            self.folder.say_stored()
        self.clock.until_stopped()
        return 0

    def _prepare(self) -> DataSet:
        settings, read = self.settings, DataSet()
        if settings.dataset:
            key, version_id = settings.dataset, settings.dataset_version_id
            read = downloads.data_set(self.data, key, version_id, self.folder.data)
        if not settings.rank:
            self._checkpoints.restore()
        words = sweep.filled(settings.command, settings.parameters | settings.places)
        self._begin(sweep.script(words) if words else None)
        return read

    def _begin(self, command: str | None) -> None:
        self.clock.defer()  # what the training does from here on is to be stored
        with disk_as_failure("parameters.json"):
            self.folder.offer(self.settings.parameters, command)

    def _until_ended(self) -> int | None:
        """The training's exit code; None when SIGTERM comes and it does not end within the grace."""
        clock, due = self.clock, self.clock.monotonic() + BETWEEN_CHECKPOINTS_SECONDS
        deadline = None
        while (code := self.folder.ended()) is None:
            if clock.stopped and deadline is None:
                # At once what there is; what it still writes, when it has ended.
                deadline = clock.monotonic() + GRACE_SECONDS
                self._keep_checkpoints()
            elif deadline is not None and clock.monotonic() >= deadline:
                return None
            elif deadline is None and clock.monotonic() >= due:
                self._keep_checkpoints(and_tidy=True)
                due = clock.monotonic() + BETWEEN_CHECKPOINTS_SECONDS
            else:
                clock.pause(POLL_SECONDS)
        logger.info("The training has ended with %d", code)
        return code

    def _keep_checkpoints(self, *, and_tidy: bool = False) -> None:
        """Stores them while the training runs. What S3 cannot do at the moment, it is asked again later."""
        try:
            self._checkpoints.store()
            if and_tidy:
                self._checkpoints.tidy()
        except Failure as failure:
            if failure.code is not ExitCode.TEMPORARY:
                raise
            logger.warning("Checkpoints are stored later: %s", failure)

    def _store(self, read: DataSet, started: datetime) -> None:
        """Stores the results of a training that has ended with 0, and what vouches for them."""
        settings = self.settings
        if settings.rank:
            read, written = ranker.rank(self.results, settings, settings.rank)
        else:
            written = results.store_folder(self.results, settings.results_prefix, self.folder.results)
        results.seal(self.results, settings, read, written, started=started, ended=self.clock.now())
        if not settings.rank:
            self._checkpoints.remove()

    def _store_what_there_is(self, code: int) -> None:
        """Stores what a failed or stopped training has left. Its exit code stands, whatever S3 says."""
        if self.settings.rank:
            return
        try:
            self._checkpoints.store()
            self._checkpoints.tidy(has_ended=True)
            results.store_folder(self.results, self.settings.results_prefix, self.folder.results)
        except Failure as failure:
            logger.error("The training has ended with %d, and what it left is not stored: %s", code, failure)
