"""Reads how a job's log ends, as it is: with secrets. No alert fails for want of it."""

from msgspec import Struct

from pulse.domain.errors import PulseError
from pulse.domain.job.record import JobRecord
from pulse.domain.views import log
from pulse.services.ports.storage import Logs

MOST = 20


class LastLines(Struct, frozen=True):
    """`trouble`: why none were read, in AWS's words, for the log only."""

    texts: tuple[str, ...] = ()
    trouble: str = ""


class ReadLastLines(Struct, frozen=True, kw_only=True):
    """`log_group`: the only one that may be read, the training's."""

    logs: Logs
    log_group: str

    def of(self, record: JobRecord) -> LastLines:
        """Reads the last attempt that wrote a log; nothing for a job that never started or logs elsewhere."""
        streams = log.streams(record)
        if not streams or record.log_group != self.log_group:
            return LastLines()
        try:
            lines = self.logs.last(self.log_group, streams[-1], most=MOST)
        except PulseError as error:
            return LastLines(trouble=str(error))
        return LastLines(tuple(line.text for line in lines))
