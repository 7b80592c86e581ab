"""What a job's training logged, without secrets."""

from collections.abc import Mapping

from msgspec import Struct

from pulse.domain import job_log
from pulse.domain.errors import InvalidCall, NoLog, NotFound
from pulse.domain.fault import Fault, shown
from pulse.domain.job_log import Line, LogPage, Place, StreamPage
from pulse.domain.job_record import JobRecord
from pulse.domain.redaction import redacted_lines
from pulse.services.ports import Ledger, Logs


class ReadLog(Struct, frozen=True, kw_only=True):
    """`log_group`: the only one that may be read, the training's."""

    ledger: Ledger
    logs: Logs
    log_group: str

    def page(self, job_id: str, query: Mapping[str, str]) -> LogPage:
        """Raises NotFound, NoLog, InvalidCall, Unavailable, Misconfigured."""
        wanted = job_log.wanted(query)
        record = self.ledger.record(job_id)
        if record is None:
            raise NotFound(job_id)
        known = self._streams(record)
        place = wanted.place or Place(known[0])
        if place.stream not in known:
            raise InvalidCall([Fault("next", "a token of this job's log", f"one of {shown(place.stream)}")])
        read = self.logs.read(self.log_group, place.stream, most=wanted.limit, token=place.token)
        if read is None:
            if place.stream == known[-1]:
                raise NoLog(
                    job_id, "its log stream is not written yet, or was deleted when its time was over."
                )
            read = StreamPage((), place.token)
        return LogPage(_redacted(read.lines), job_log.following(place, read, known))

    def _streams(self, record: JobRecord) -> list[str]:
        known = job_log.streams(record)
        if not known:
            raise NoLog(record.job_id, _WHY_NONE.format(status=record.status))
        if record.log_group not in {"", self.log_group}:
            raise NoLog(record.job_id, f"it writes to the log group {shown(record.log_group)}.")
        return known


_WHY_NONE = "it is {status}, and a log begins when a container starts. An array's logs are its children's."


def _redacted(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    texts = redacted_lines((line.text for line in lines), job_log.LINE_CHARACTERS)
    return tuple(Line(line.at, text) for line, text in zip(lines, texts, strict=True))
