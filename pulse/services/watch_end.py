"""What is done when a job has ended: its cost and what it measured, an alert, another try with more memory.

Whatever fails is tried again when the event is delivered again, and happens once.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from pulse.domain.alert import Alert, Kind
from pulse.domain.array_children import Child, cost_of_all, failures
from pulse.domain.catalogue import Catalogue
from pulse.domain.diagnosis import diagnose, dies_of_memory
from pulse.domain.job_alert import Place, Size, is_told, job_alert
from pulse.domain.job_event import JobEvent
from pulse.domain.job_record import JobRecord
from pulse.domain.sizing import next_size_up
from pulse.domain.training_metrics import TrainingMetrics
from pulse.services.ports import Ledger, Reruns
from pulse.services.price_runs import Cost, PriceRuns
from pulse.services.publish_alert import PublishAlert
from pulse.services.read_last_lines import LastLines, ReadLastLines
from pulse.services.read_metrics import Read, ReadMetrics, measures
from pulse.services.watch_budget import WatchBudget
from pulse.services.watch_overdue import WatchOverdue


class End(Struct, frozen=True, kw_only=True):
    """`alerted`: the kinds of alerts that went out. `trouble`: what could not be read or deleted, in AWS's
    own words, which are for the log only.
    """

    alerted: tuple[Kind, ...]
    trouble: tuple[str, ...] = ()


class Measured(Struct, frozen=True, kw_only=True):
    """`read`: a job's metrics, `log`: how the log of one that failed ends; None if they were not read.
    `cause`: the diagnosis's word for why it failed. `trouble`: why its cost is not known.
    """

    read: Read | None = None
    log: LastLines | None = None
    cause: str = ""
    trouble: str = ""


class WatchEnd(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    read_metrics: ReadMetrics
    read_last_lines: ReadLastLines
    publish_alert: PublishAlert
    watch_budget: WatchBudget
    watch_overdue: WatchOverdue
    reruns: Reruns
    catalogue: Catalogue
    place: Place
    price_runs: PriceRuns

    def measured(self, record: JobRecord, event: JobEvent) -> tuple[JobRecord, Measured]:
        """The ended record with what the job cost and measured of itself, and what was read for that."""
        cost = (
            Cost(usd=cost_of_all(self.ledger.children(record.job_id)))
            if record.array_size
            else self.price_runs.of(record, event)
        )
        read = self.read_metrics.of(record) if record.status == "SUCCEEDED" else Read()
        found = measures(read.metrics) if read.metrics else None
        log = self.read_last_lines.of(record) if record.status == "FAILED" else None
        cause = diagnose(record, log.texts).cause if log else ""
        measured = Measured(read=read, log=log, cause=cause, trouble=cost.trouble)
        return structs.replace(record, cost_usd=cost.usd, measured=found), measured

    def tell(self, record: JobRecord, measured: Measured) -> End:
        """Everything that an ended record leads to. Raises Unavailable, Misconfigured."""
        try:
            told = (
                self._failed(record, measured.log)
                if record.status == "FAILED"
                else self._succeeded(record, measured.read)
            )
        finally:
            # What it cost is true also while nobody can be told of it.
            spent = self.watch_budget.note(record)
        in_vain = self.watch_overdue.forget(record)
        return structs.replace(
            told,
            alerted=(*told.alerted, *(["BUDGET"] if spent else [])),
            trouble=tuple(text for text in (*told.trouble, measured.trouble, in_vain) if text),
        )

    def _succeeded(self, record: JobRecord, read: Read | None) -> End:
        trouble: list[str] = []

        def alert() -> Alert:
            found = read or self.read_metrics.of(record)
            before, in_vain = self._before(record) if found.metrics else (None, "")
            trouble.extend([found.trouble, in_vain])
            return job_alert(record, self.place, found.metrics, found.note, previous=before)

        alerted = self._once(record, alert)
        return End(alerted=("SUCCEEDED",) if alerted else (), trouble=tuple(trouble))

    def _failed(self, record: JobRecord, log: LastLines | None) -> End:
        log = log or self.read_last_lines.of(record)
        size = self._next_size(record, log.texts)
        if size:
            self.reruns.ask(record.job_id)

        def alert() -> Alert:
            children: list[Child] = self.ledger.children(record.job_id) if record.array_size else []
            failed = failures(record, children) if record.array_size else None
            return job_alert(record, self.place, rerun=size, failed=failed, log=log.texts)

        alerted = self._once(record, alert)
        return End(alerted=("FAILED",) if alerted else (), trouble=(log.trouble,))

    def _once(self, record: JobRecord, alert: Callable[[], Alert]) -> bool:
        kind: Kind = "SUCCEEDED" if record.status == "SUCCEEDED" else "FAILED"
        return is_told(record) and self.publish_alert.once(record, kind, alert)

    def _before(self, record: JobRecord) -> tuple[TrainingMetrics | None, str]:
        """The metrics of the run that this one is compared to, and why they could not be read."""
        if not record.compared_to:
            return None, ""
        read = self.read_metrics.of_results(record.compared_to)
        return read.metrics, read.trouble

    def _next_size(self, record: JobRecord, log: Sequence[str]) -> Size | None:
        """What a job gets that is submitted again because it died of memory, once."""
        queue = self.catalogue.queues.get(record.queue)
        if queue is None or not self.reruns.wanted or not dies_of_memory(record, log):
            return None
        pair = next_size_up(
            float(record.vcpus), record.memory_mib or 0, queue.platform, max_vcpus=queue.max_vcpus
        )
        return Size(*pair) if pair else None
