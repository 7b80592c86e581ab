"""What a job's training logged, without secrets."""

from collections.abc import Mapping
from shlex import quote

from msgspec import Struct

from pulse.domain.access import Guard
from pulse.domain.errors import InvalidCall, NoLog
from pulse.domain.fault import Fault, printable, shown
from pulse.domain.job.record import JobRecord
from pulse.domain.text.redaction import redacted_lines
from pulse.domain.views import log
from pulse.domain.views.log import Line, LogPage, LogPosition, StreamPage
from pulse.services.ports.ledger import Ledger
from pulse.services.ports.storage import Logs


class ReadLog(Struct, frozen=True, kw_only=True):
    """`log_group`: the only one that may be read, the training's."""

    ledger: Ledger
    logs: Logs
    log_group: str

    def page(self, job_id: str, query: Mapping[str, str], guard: Guard) -> LogPage:
        """Raises NotFound, NoLog, InvalidCall, Unavailable, Misconfigured."""
        wanted = log.wanted(query)
        record = guard.seen(self.ledger.record(job_id), job_id)
        known = self._streams(record) if wanted.child is None else self._of_child(record, wanted.child)
        position = wanted.position or LogPosition(known[0])
        if position.stream not in known:
            raise InvalidCall(
                [Fault("next", "a token of this job's log", f"one of {shown(position.stream)}")]
            )
        read = self.logs.read(self.log_group, position.stream, most=wanted.limit, token=position.token)
        if read is None:
            if position.stream == known[-1]:
                raise NoLog(
                    job_id, "its log stream is not written yet, or was deleted when its time was over."
                )
            read = StreamPage((), position.token)
        return LogPage(_redacted(read.lines), log.following(position, read, known))

    def _of_child(self, record: JobRecord, index: int) -> list[str]:
        """The log stream of an ended child's last attempt: only its end is noted."""
        if not record.array_size:
            raise NoLog(record.job_id, "it is no array, and has no children.")
        child = self.ledger.child(record.job_id, index)
        if child is None:
            why = f"of its {record.array_size} children none with the index {index} has ended."
            raise NoLog(record.job_id, why)
        if not child.log_stream:
            raise NoLog(record.job_id, f"its child {index} never started.")
        self._check_group(record, child.log_stream)
        return [child.log_stream]

    def _streams(self, record: JobRecord) -> list[str]:
        known = log.streams(record)
        if not known:
            why = _WHY_NOT_OF_ARRAYS if record.array_size else _WHY_NONE
            raise NoLog(record.job_id, why.format(status=record.status, job_id=record.job_id))
        self._check_group(record, known[-1])
        return known

    def _check_group(self, record: JobRecord, stream: str) -> None:
        """An empty group is one that no event named, never the training's."""
        if not record.log_group:
            raise NoLog(record.job_id, _WHY_UNKNOWN_GROUP.format(stream=shown(stream)))
        if record.log_group != self.log_group:
            names = quote(printable(record.log_group)), quote(printable(stream))
            where = "--log-group-name {} --log-stream-name {}".format(*names)
            raise NoLog(record.job_id, _WHY_OTHER_GROUP.format(group=shown(record.log_group), where=where))


_WHY_NONE = "it is {status}, and a log begins when a container starts."
_WHY_NOT_OF_ARRAYS = (
    "each of its children has its own. Of one that has ended: pulse logs {job_id} --child INDEX"
)


_WHY_UNKNOWN_GROUP = "no event said to which log group it writes; its log stream is {stream}."
_WHY_OTHER_GROUP = (
    "it writes to the log group {group}, which Pulse may not read. "
    "If you may: aws logs get-log-events {where}"
)


def _redacted(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    texts = redacted_lines((line.text for line in lines), log.LINE_CHARACTERS)
    return tuple(Line(line.at, text) for line, text in zip(lines, texts, strict=True))
