"""What is done when a job has ended: its cost and what it measured, an alert, another run.

Whatever fails is tried again when the event is delivered again, and happens once.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct, structs

from pulse.domain.alerts.alert import Alert, Kind
from pulse.domain.alerts.job_ended import Deployment, deciding, deserves_alert, job_alert
from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.diagnosis.children import Failures, as_one_run, cost_of_all, failures
from pulse.domain.diagnosis.diagnose import CHILD_FAILED, DUPLICATE, diagnose
from pulse.domain.diagnosis.next_run import next_run, rerun_reason
from pulse.domain.job.event import JobEvent
from pulse.domain.job.record import JobRecord
from pulse.domain.training.headline import headline
from pulse.domain.training.metrics import TrainingMetrics
from pulse.services.alert.publish_alert import PublishAlert
from pulse.services.alert.read_holder import ReadHolder
from pulse.services.alert.read_last_lines import LastLines, ReadLastLines
from pulse.services.follow.price_runs import Cost, PriceRuns
from pulse.services.follow.read_metrics import MetricsRead, ReadMetrics, measures
from pulse.services.follow.watch_budget import WatchBudget
from pulse.services.follow.watch_overdue import WatchOverdue
from pulse.services.ports.ledger import Ledger
from pulse.services.ports.messages import Reruns

CHILDREN_AWAITED = timedelta(minutes=3)
"""Since an array's end: so long its alert waits for the events of children that failed."""
_LEAST_WAIT_SECONDS = 20


class EndReport(Struct, frozen=True, kw_only=True):
    """`alerted`: the kinds of alerts that went out. `trouble`: what could not be read or deleted, in AWS's
    own words, which are for the log only. `again_in_seconds`: when the event shall come again, because more
    will be known; 0 for not at all.
    """

    alerted: tuple[Kind, ...]
    trouble: tuple[str, ...] = ()
    again_in_seconds: int = 0


class EndFacts(Struct, frozen=True, kw_only=True):
    """`read`: a job's metrics, `before`: those of the run it is compared to, `log`: how the log of one that
    failed ends; None if they were not read. `cause`: the diagnosis's word for why it failed. `trouble`: why
    its cost is not known.
    """

    read: MetricsRead | None = None
    before: MetricsRead | None = None
    log: LastLines | None = None
    cause: str = ""
    trouble: str = ""


class WatchEnd(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    read_metrics: ReadMetrics
    read_last_lines: ReadLastLines
    read_holder: ReadHolder
    publish_alert: PublishAlert
    watch_budget: WatchBudget
    watch_overdue: WatchOverdue
    reruns: Reruns
    catalogue: Catalogue
    deployment: Deployment
    price_runs: PriceRuns
    clock: Callable[[], datetime]

    def with_outcome(self, record: JobRecord, event: JobEvent) -> tuple[JobRecord, EndFacts]:
        """The ended record with what the job cost and measured of itself, and what was read for that."""
        cost = (
            Cost(usd=cost_of_all(self.ledger.children(record.job_id)))
            if record.array_size
            else self.price_runs.cost_of(record, event)
        )
        read = self.read_metrics.of(record) if record.status == "SUCCEEDED" else MetricsRead()
        before = self._before(record) if read.metrics else MetricsRead()
        metrics = read.metrics or TrainingMetrics()
        found = measures(read.metrics) if read.metrics else None
        log = self.read_last_lines.of(record) if record.status == "FAILED" else None
        cause = diagnose(record, log.texts).cause if log else ""
        measured = EndFacts(read=read, before=before, log=log, cause=cause, trouble=cost.trouble)
        ended = structs.replace(
            record,
            cost_usd=cost.usd,
            measured=found,
            headline=headline(metrics, before.metrics, self.read_metrics.headline_of(record.training)),
            warnings=metrics.warnings,
            warnings_count=metrics.warnings_count,
        )
        return ended, measured

    def finish(self, record: JobRecord, measured: EndFacts) -> EndReport:
        """Everything that an ended record leads to. Raises Unavailable, Misconfigured."""
        try:
            report = (
                self._failed(record, measured.log)
                if record.status == "FAILED"
                else self._succeeded(record, measured.read, measured.before)
            )
        finally:
            # What it cost is true also while nobody can be told of it.
            spent = self.watch_budget.note(record)
        in_vain = self.watch_overdue.unschedule(record)
        return structs.replace(
            report,
            alerted=(*report.alerted, *(["BUDGET"] if spent else [])),
            trouble=tuple(text for text in (*report.trouble, measured.trouble, in_vain) if text),
        )

    def _succeeded(
        self, record: JobRecord, read: MetricsRead | None, earlier: MetricsRead | None
    ) -> EndReport:
        trouble: list[str] = []

        def alert() -> Alert:
            found = read or self.read_metrics.of(record)
            before = earlier or (self._before(record) if found.metrics else MetricsRead())
            trouble.extend([found.trouble, before.trouble])
            run = _run(self._array(record), record)
            return job_alert(
                record, self.deployment, found.metrics, found.note, run=run, previous=before.metrics
            )

        alerted = self._once(record, alert)
        return EndReport(alerted=("SUCCEEDED",) if alerted else (), trouble=tuple(trouble))

    def _failed(self, record: JobRecord, log: LastLines | None) -> EndReport:
        """`log`: the end of the record's own, None if it was not read."""
        array = self._array(record)
        if array and array.status == "FAILED":
            # What follows it was stopped with it, and the array's alert is about both.
            return EndReport(alerted=())
        failed = failures(record, self.ledger.children(record.job_id)) if record.array_size else None
        if failed and (seconds := self._awaits_seconds(record, failed)):
            return EndReport(alerted=(), again_in_seconds=seconds)
        decides = deciding(record, failed)
        if log is None or decides is not record:
            log = self.read_last_lines.of(decides)
        because = rerun_reason(decides, log.texts, failed) if self.reruns.wanted else None
        if rerun := because and next_run(record, because, self.catalogue):
            self.reruns.enqueue(record.job_id, rerun.because)

        def alert() -> Alert:
            run, holder = _run(array, record), self._holder(record, decides, failed, log)
            again = self.price_runs.priced(rerun, run) if rerun else None
            return job_alert(
                record, self.deployment, rerun=again, failed=failed, run=run, log=log.texts, holder=holder
            )

        alerted = self._once(record, alert)
        return EndReport(alerted=("FAILED",) if alerted else (), trouble=(log.trouble,))

    def _awaits_seconds(self, record: JobRecord, failed: Failures) -> int:
        """How long what a failed array leads to waits for children of which nothing was heard: at most three
        times, each longer than the one before, so that its queue has deliveries left to tell with.
        """
        if not (failed.unknown and record.stopped_at):
            return 0
        since = abs(self.clock() - record.stopped_at)
        if since >= CHILDREN_AWAITED or diagnose(record).cause != CHILD_FAILED:
            return 0
        return max(_LEAST_WAIT_SECONDS, int(2 * since.total_seconds()))

    def _array(self, record: JobRecord) -> JobRecord | None:
        """The array that the job follows."""
        return self.ledger.record(record.follows) if record.follows else None

    def _holder(self, record: JobRecord, decides: JobRecord, failed: Failures | None, log: LastLines) -> str:
        """Who holds the run of a job that found it taken, as a sentence; empty for any other end."""
        if diagnose(decides, log.texts).cause != DUPLICATE:
            return ""
        child = failed.example.index if failed and failed.example and decides is not record else None
        return self.read_holder.of(record, child)

    def _once(self, record: JobRecord, alert: Callable[[], Alert]) -> bool:
        kind: Kind = "SUCCEEDED" if record.status == "SUCCEEDED" else "FAILED"
        return deserves_alert(record) and self.publish_alert.once(record, kind, alert)

    def _before(self, record: JobRecord) -> MetricsRead:
        """The metrics of the run that this one is compared to."""
        if not record.compared_to:
            return MetricsRead()
        return self.read_metrics.of_results(record.compared_to, record.training)


def _run(array: JobRecord | None, record: JobRecord) -> JobRecord:
    """All of what ended with a job: it may follow an array of which nothing was told."""
    return as_one_run(array, record) if array else record
