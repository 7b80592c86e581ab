"""Whether the ledger, once everything has ended, says what happened in AWS Batch, and its sums are right."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pulse.aws.ledger import items
from pulse.domain.catalogue.catalogue import Queue
from pulse.domain.cost.fargate import actual_cost
from pulse.domain.job.record import JobRecord
from pulse.domain.request.alerts_wanted import is_wanted
from pulse.domain.request.identity import AutomaticReason
from pulse.domain.sizing.sizing import next_size_up
from pulse.services.follow.reconcile_jobs import CHILDREN_COUNTED_FOR
from tests.simulation.attributes import Item
from tests.simulation.batch_job import Job
from tests.simulation.batch_outcome import DUPLICATE, KILLED, OUT_OF_MEMORY, RECLAIMED
from tests.simulation.callers import Answered
from tests.simulation.kernel import START
from tests.simulation.world import MOST_SKEW_SECONDS, RECONCILED_EVERY, World

if TYPE_CHECKING:
    from pulse.domain.job.child import Child

_Said = tuple[Any, ...]


class Books:
    """Of a world. `records` by their job ids."""

    def __init__(self, world: World, records: Mapping[str, JobRecord]) -> None:
        self._world, self._records = world, records
        self._settings = world.settings
        self._noted: defaultdict[str, dict[int, Child]] = defaultdict(dict)
        self._ended: defaultdict[str, list[float]] = defaultdict(list)
        for (pk, sk), item in world.table.items.items():
            if pk == items.ENDED_ARRAYS:
                noted_at, _, job_id = sk.partition("#")
                since_start = datetime.fromisoformat(noted_at) - START
                self._ended[job_id].append(since_start.total_seconds())
            elif sk.startswith(items.CHILD):
                self._noted[pk.removeprefix("JOB#")][int(sk.removeprefix(items.CHILD))] = items.child_of(item)

    def differences(self) -> Iterator[str]:
        """Where a record or a child says something else than AWS Batch."""
        for record in self._records.values():
            job = self._world.batch.jobs.get(record.batch_job_id)
            if job is None or not record.is_terminal or (job.children and not self._was_asked_for(record)):
                continue
            known, found = _of_record(record), _of_job(job)
            if known != found:
                yield f"The ledger says of {record.job_id} {known}, AWS Batch {found}."
            if job.children:
                yield from self._of_children(record, job)
            cost = self._cost(record, job)
            if cost is not None and record.cost_usd != cost:
                yield f"{record.job_id} cost {cost} and is noted with {record.cost_usd}."

    def left_behind(self) -> Iterator[str]:
        """What should follow and does not: after an array, after a death of memory, after a loss of Spot."""
        again = {(record.rerun_of, record.rerun_because) for record in self._records.values()}
        for record in self._records.values():
            array = self._records.get(record.follows)
            if record.status == "RELEASED" and array is not None and array.batch_job_id:
                yield f"{record.job_id} was not submitted after its array {array.job_id}."
            job = self._world.batch.jobs.get(record.batch_job_id)
            because = self._rerun_reason(record, job) if job else None
            if because is None:
                continue
            rejected = (record.results_id, "REJECTED") in self._world.published
            # Refused for the month's budget, nobody is told who did not want to hear of a failure.
            rejected |= not (self._world.has_ample_budget or is_wanted(record.alerts, "FAILED"))
            if (record.results_id, because) not in again and not rejected:
                yield f"{record.job_id} failed ({because}) and was not submitted again."

    def months(self) -> Iterator[str]:
        """Whether each month's sums are those of its jobs, and nothing stays reserved."""
        spent: defaultdict[str, Decimal] = defaultdict(Decimal)
        listed: defaultdict[str, Decimal] = defaultdict(Decimal)
        for record in self._records.values():
            spent[items.month_of(record)] += record.cost_usd or Decimal(0)
        for (pk, sk), item in self._world.table.items.items():
            if pk.startswith("COST#") and sk.startswith(items.JOB):
                listed[pk.removeprefix("COST#")] += Decimal(item["usd"]["N"])
        for month in spent:
            total = self._world.table.items.get((f"COST#{month}", "TOTAL"), {})
            sums = [sum_of(total, "spent_usd"), sum_of(total, "total_usd")]
            if len({spent[month], listed[month], sums[0]}) > 1:
                yield (
                    f"The jobs of {month} cost {spent[month]}; listed are {listed[month]}, in sum {sums[0]}."
                )
            kept = self._kept(month)
            if sums[1] != sums[0] + kept:
                yield f"Of {month} {sums[1] - sums[0]} is reserved, and should be {kept}."

    def duplicates(self) -> Iterator[str]:
        """Runs that two jobs worked at, copies by other programs among them, or none although it could."""
        runs: defaultdict[str, list[Job]] = defaultdict(list)
        for job in self._world.batch.jobs.values():
            if job.pulse_job_id and job.parent is None and job.size is None:
                runs[job.pulse_job_id].append(job)
        for job_id, jobs in runs.items():
            if sum(job.status == "SUCCEEDED" for job in jobs) > 1:
                yield f"Two jobs worked at the run {job_id}."
            if all(job.container.get("exitCode") == DUPLICATE for job in jobs):
                yield f"{job_id} ran as a duplicate of nothing."

    def goes_on(self, answered: Mapping[str, Answered]) -> Iterator[str]:
        """What was answered as cancelled and ran to its own end all the same."""
        for name, told in answered.items():
            if not told.cancelled or len(told.job_ids) > 1:
                continue
            ids = {one.batch_job_id for one in self._records.values() if one.results_id in told.job_ids}
            since = min((at for of, at in self._world.batch.told_to_end.items() if of in ids), default=0.0)
            ran = [self._world.batch.jobs[one] for one in ids if one in self._world.batch.jobs]
            if any(_ended_by_itself(job, since) for job in ran):
                yield f"{name} was cancelled and went on."

    def _kept(self, month: str) -> Decimal:
        """What jobs reserved that ended without a known cost, or have not ended."""
        return sum(
            (
                record.reserved_usd
                for record in self._records.values()
                if items.month_of(record) == month
                and record.reserved_usd
                and record.status != "RELEASED"
                and (record.cost_usd is None or not record.is_terminal)
            ),
            Decimal(0),
        )

    def _was_asked_for(self, record: JobRecord) -> bool:
        """Whether the reconciler could ask for an array's children before it no longer does."""
        failed = self._world.died | {one.name for one in self._world.failed}
        last = int(self._world.kernel.now / RECONCILED_EVERY)
        runs = [n * RECONCILED_EVERY for n in range(1, last + 1) if f"reconcile {n}" not in failed]
        late_seconds = self._settings.patience.late_seconds + MOST_SKEW_SECONDS
        return any(
            noted + late_seconds < run < noted + CHILDREN_COUNTED_FOR.total_seconds()
            for noted in self._ended[record.job_id]
            for run in runs
        )

    def _of_children(self, record: JobRecord, job: Job) -> Iterator[str]:
        noted = self._noted[record.job_id]
        known = {i: (one.status, one.attempts, one.exit_code) for i, one in noted.items()}
        found = {i: _end(child) for i, child in enumerate(job.children)}
        if known != found:
            yield f"The ledger says of the children of {record.job_id} {known}, AWS Batch {found}."

    def _cost(self, record: JobRecord, job: Job) -> Decimal | None:
        """What it cost by what AWS Batch ran, US dollars; None where that takes more to know."""
        queue = self._settings.queues.get(record.queue)
        runs = [job] if job.size is None else job.children
        if queue is None or queue.platform != "FARGATE" or not runs or not record.vcpus:
            return None
        return sum((self._cost_of(record, one, spot=queue.spot) for one in runs), Decimal(0))

    def _cost_of(self, record: JobRecord, job: Job, *, spot: bool) -> Decimal:
        return actual_cost(
            self._settings.prices,
            vcpus=float(record.vcpus),
            memory_mib=record.memory_mib or 0,
            cpu_architecture=self._settings.cpu_architecture,
            ephemeral_gib=self._settings.ephemeral_gib,
            spot=spot,
            attempt_seconds=[
                (one["stoppedAt"] - one["startedAt"]) / 1000 for one in job.attempts if one["startedAt"]
            ],
        )

    def _rerun_reason(self, record: JobRecord, job: Job) -> AutomaticReason | None:
        """Why another should follow: once for each reason, of no array, whose children die of several."""
        if record.foreign or job.size is not None or job.status != "FAILED" or not job.attempts:
            return None
        if job.is_cancelled or job.is_terminated:
            return None
        found: AutomaticReason | None = None
        queue = self._settings.queues[record.queue]
        if queue.on_demand_queue and job.attempts[-1]["statusReason"] == RECLAIMED:
            found = "spot"
        elif self._died_of_memory(record, job, queue):
            found = "memory"
        return None if found == record.rerun_because else found

    def _died_of_memory(self, record: JobRecord, job: Job, queue: Queue) -> bool:
        """Whether there is a larger size."""
        last = job.attempts[-1]["container"]
        larger = next_size_up(
            float(record.vcpus), record.memory_mib or 0, queue.platform, max_vcpus=queue.max_vcpus
        )
        return bool(larger) and (last.get("exitCode"), last.get("reason")) == (KILLED, OUT_OF_MEMORY)


def sum_of(total: Item, name: str) -> Decimal:
    """US dollars of a month."""
    return Decimal(total[name]["N"]) if name in total else Decimal(0)


def _ended_by_itself(job: Job, since: float) -> bool:
    """`since`: after this, seconds since the simulation began."""
    parts = job.children or [job]
    after_ms = START.timestamp() * 1000 + since * 1000
    return not (job.is_cancelled or job.is_terminated) and any(
        one.attempts and (one.stopped_ms or 0) > after_ms for one in parts
    )


def _end(job: Job) -> _Said:
    return job.status, len(job.attempts), job.container.get("exitCode")


def _of_job(job: Job) -> _Said:
    starts = [one["startedAt"] for part in (job, *job.children) for one in part.attempts if one["startedAt"]]
    is_stopped = bool(job.is_cancelled or job.is_terminated)
    return (*_end(job), min(starts, default=None), job.stopped_ms, is_stopped)


def _of_record(record: JobRecord) -> _Said:
    times = [_ms(record.started_at), _ms(record.stopped_at)]
    return (record.status, record.attempts, record.exit_code, *times, record.stopped_by_request)


def _ms(moment: datetime | None) -> int | None:
    return round(moment.astimezone(UTC).timestamp() * 1000) if moment else None
