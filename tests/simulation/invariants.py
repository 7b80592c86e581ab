"""What always holds, looked at after every change, and what holds in the end, once nothing fails any more."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

from pulse.aws.ledger import items
from pulse.domain.alerts.flood import ALERTS_BEFORE_FLOOD
from pulse.domain.alerts.job_ended import deserves_alert
from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import position
from tests.simulation import books, dead_letters, promises
from tests.simulation.alerts import Alerts
from tests.simulation.asks import Ask
from tests.simulation.attributes import Attribute, Item
from tests.simulation.batch_job import Job
from tests.simulation.callers import Answered
from tests.simulation.dynamodb_table import Key
from tests.simulation.faults import HARMLESS
from tests.simulation.kernel import START
from tests.simulation.world import World

_NOTHING: Attribute = {"L": []}
_LATEST: Attribute = {"S": "9999-12-31T00:00:00Z"}
_ENDS = frozenset({"SUCCEEDED", "FAILED"})


class Broken(Exception):
    """Raised with the invariant that does not hold, in words, as soon as that shows."""


class Invariants:
    """Watches a world. `answered`: what callers were told, by the name of what they asked for."""

    def __init__(self, world: World, asked: dict[str, Ask], answered: dict[str, Answered]) -> None:
        self._world, self._asked, self._answered = world, asked, answered
        self._firsts: defaultdict[str, set[str]] = defaultdict(set)
        self._reruns: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._by_dataset = {ask.dataset: ask for ask in asked.values()}
        self._alerts = Alerts(world)
        self._budget_usd = world.settings.monthly_budget_usd
        self.broken = ""
        world.table.watchers.append(self._written)
        world.batch.watchers.append(self._taken)

    # --- always

    def _break(self, said: str) -> None:
        """Kept, not raised: this may be in the middle of a call whose handler would take it for its own."""
        self.broken = self.broken or said
        self._world.kernel.tell("BROKEN", said)

    def _taken(self, job: Job) -> None:
        if job.status != "SUBMITTED" or not job.pulse_job_id or job.is_foreign:
            return
        jobs = self._world.batch.by_pulse_id[job.pulse_job_id]
        if len(jobs) > 1:
            self._break(f"AWS Batch has {len(jobs)} jobs for {job.pulse_job_id}.")
        self._check_claim(job)

    def _check_claim(self, job: Job) -> None:
        """What AWS Batch takes is claimed, and waits for what it follows."""
        item = self._world.table.items.get((f"JOB#{job.pulse_job_id}", "RECORD"), {})
        status = item.get("status", {}).get("S", "not there")
        if status != "CLAIMED":
            self._break(f"AWS Batch took {job.pulse_job_id} while its record was {status}.")
        if "follows" in item and not job.waits_for:
            self._break(f"{job.pulse_job_id} does not wait for the array that it follows.")

    def _written(self, key: Key, before: Item | None, after: Item | None) -> None:
        if key[1] == "TOTAL" and after is not None:
            self._check_money(key[0], before or {}, after)
        elif key[1] == "RECORD" and after is not None:
            self._check_record(before, after)

    def _check_money(self, month: str, before: Item, after: Item) -> None:
        total, spent = books.sum_of(after, "total_usd"), books.sum_of(after, "spent_usd")
        if total < spent:
            self._break(f"{month}: less than nothing is reserved: {total} in all, {spent} spent.")
        is_reserved = spent == books.sum_of(before, "spent_usd") and total > books.sum_of(before, "total_usd")
        if is_reserved and self._budget_usd is not None and total > self._budget_usd:
            self._break(f"{month}: {total} is reserved or spent of {self._budget_usd}.")

    def _check_record(self, before: Item | None, after: Item) -> None:
        job_id = after["job_id"]["S"]
        if before is None:
            self._check_first(job_id, after)
            return
        old, new = (int(item["position"]["N"]) for item in (before, after))
        if new < old:
            self._break(f"The record of {job_id} went back from {old} to {new}.")
        self._check_past(job_id, before, after)
        known = before.get("batch_job_id", {}).get("S", "")
        named = after.get("batch_job_id", {}).get("S", "")
        if known and named != known:
            self._break(f"The record of {job_id} was of job {known} and became one of {named or 'none'}.")
        job = self._world.batch.jobs.get(named)
        if job and job.pulse_job_id != job_id and "foreign" not in after:
            self._break(f"The record of {job_id} says what happened to {job.pulse_job_id}.")
        if job and new > position(job.status, len(job.attempts)):
            self._break(f"The record of {job_id} is ahead of its job, which is {job.status}.")

    def _check_past(self, job_id: str, before: Item, after: Item) -> None:
        """What a record knows of the past it keeps."""
        for name in ("changes", "tries"):
            if len(after.get(name, _NOTHING)["L"]) < len(before.get(name, _NOTHING)["L"]):
                self._break(f"The record of {job_id} forgot some of its {name}.")
        if "started_at" in before:
            old, new = (
                datetime.fromisoformat(item.get("started_at", _LATEST)["S"]) for item in (before, after)
            )
            if new > old:
                self._break(f"The start of {job_id} moved from {old} to {new}.")

    def _check_first(self, job_id: str, item: Item) -> None:
        """One record a request, and one a rerun of a job for the same reason."""
        if "follows" in item or "foreign" in item:
            return
        of, dataset = item.get("rerun_of", {}).get("S", ""), item["dataset"]["S"]
        group = self._reruns[of, item["rerun_because"]["S"]] if of else self._firsts[dataset]
        group.add(job_id)
        ask = self._by_dataset.get(dataset)
        most = ask.versions if ask and not of else 1
        if len(group) > most and not (ask and ask.forced and not of):
            self._break(f"{of or dataset} was claimed as {' and as '.join(sorted(group))}.")

    def answers(self) -> None:
        """All who asked for the same were told of the same job."""
        known: dict[str, str] = {}
        for name, told in self._answered.items():
            for job_id in told.job_ids:
                if (other := known.setdefault(job_id, name)) != name:
                    self._break(f"{other} and {name} were both answered with {job_id}.")
            if len(told.job_ids) > 1 and not self._asked[name].forced:
                self._break(f"{name} was answered with {' and with '.join(sorted(told.job_ids))}.")

    # --- in the end

    def is_settled(self) -> bool:
        """Whether all jobs have ended, all queues are empty, and everybody was told."""
        return not any(True for _ in self._unsettled())

    def redrive(self) -> None:
        """Has people move back what was given up while things failed."""
        for said in dead_letters.without_a_cause(self._world):
            self._break(said)
        for name, queue in self._world.dead.items():
            queue.move_all(self._world.queues[name])

    def end(self) -> None:
        """Looks at everything once more. Raises Broken."""
        self.answers()
        if self.broken:
            raise Broken(self.broken)
        if crashed := self._world.counted["Crashed"]:
            raise Broken(f"{crashed} messages met an error that nobody expected.")
        checks = (self._unsettled, self._undone, self._doubled_alerts)
        for said in (*self._alerts.broken, *chain.from_iterable(check() for check in checks)):
            raise Broken(said)

    def records(self) -> Iterator[JobRecord]:
        return (items.record_of(item) for (_, sk), item in self._world.table.items.items() if sk == "RECORD")

    def _unsettled(self) -> Iterator[str]:
        for name, queue in self._world.queues.items():
            if count := queue.count("hidden", "visible", "taken"):
                yield f"{count} messages are left in the queue of {name}."
        yield from (
            f"AWS Batch's job {job.id} ({job.name}) is {job.status}."
            for job in self._world.batch.jobs.values()
            if job.status not in _ENDS
        )
        records = {record.job_id: record for record in self.records()}
        for record in records.values():
            yield from self._unfinished(record)
        yield from self._alerts.undelivered()
        found = books.Books(self._world, records)
        yield from found.differences()
        yield from found.left_behind()
        yield from found.months()
        yield from found.duplicates()
        yield from found.goes_on(self._answered)
        yield from self._untold_floods()

    def _untold_floods(self) -> Iterator[str]:
        for (pk, since), item in self._world.table.items.items():
            if pk == items.REFUSALS and not item.get("REJECTED_sent"):
                count = int(item.get("count", {"N": "0"})["N"])
                if count > ALERTS_BEFORE_FLOOD:
                    yield f"Nobody was told of {count} drops that were refused since {since}."

    def _unfinished(self, record: JobRecord) -> Iterator[str]:
        if record.status == "RELEASED":
            return
        if record.status not in _ENDS:
            yield f"The record of {record.job_id} is {record.status}."
            return
        jobs = self._world.batch.by_pulse_id.get(record.job_id, [])
        recorded = self._world.batch.jobs.get(record.batch_job_id)
        is_taken = recorded is not None and recorded.is_foreign and _may_come_first(recorded, jobs)
        if recorded is not None and recorded.is_foreign and not record.foreign and not is_taken:
            yield f"The record of {record.job_id} is about a copy of its job."
        if len(jobs) == 1 and jobs[0].status != record.status and not is_taken:
            yield f"{record.job_id} is {record.status} in the ledger, {jobs[0].status} in AWS Batch."
        if deserves_alert(record) and not self._world.told[record.results_id, record.status]:
            yield f"Nobody was told that {record.job_id} {record.status}."

    def _undone(self) -> Iterator[str]:
        """Requests without a job, although somebody waits for it."""
        drops = self._world.dead["drops"]
        dead = " ".join(message.body for message in drops.messages.values() if message.state != "deleted")
        for name, ask in self._asked.items():
            count = len(self._firsts[ask.dataset])
            if ask.door == "call":
                could_ask = not ask.after or bool(self._answered.get(ask.after, Answered()).job_ids)
                yield from promises.kept_to_caller(ask, self._answered[name], count, could_ask=could_ask)
            elif ask.door != "other program":
                yield from promises.kept_to_dropper(ask, self._world, count, dead)
        yield from promises.told_wrongly({one.job_id: one for one in self.records()}, self._world)
        for record in self.records():
            jobs = self._world.batch.by_pulse_id.get(record.job_id, [])
            if record.foreign or record.status == "RELEASED" or self._given_up(record):
                continue
            if len(jobs) != 1:
                yield f"The record of {record.job_id} ({record.status}) has {len(jobs)} jobs in AWS Batch."

    @staticmethod
    def _given_up(record: JobRecord) -> bool:
        return record.status == "FAILED" and not record.batch_job_id

    def _doubled_alerts(self) -> Iterator[str]:
        """An alert of a kind went out once, and once more for each time that whoever sent it was not told, or
        could not note it. An array and what follows it are two jobs of one name: each may be blocked, and
        where what follows is heard of first, each was cancelled.
        """
        happened = self._world.kernel.happened
        faults = {(one.invocation, one.number) for one in happened if one.kind not in HARMLESS}
        records = list(self.records())
        of_one_name = Counter(record.results_id for record in records)
        stopped = Counter(one.results_id for one in records if deserves_alert(one) and one.cancelled_by)
        for (about, kind), places in self._world.published.items():
            excused = sum(
                name in self._world.died
                or (name, call) in faults
                or all((name, call + try_) in faults for try_ in (1, 2, 3))
                for name, call in places
            )
            alike = {"BLOCKED": of_one_name, "FAILED": stopped}.get(kind, Counter())
            jobs = max(1, alike[about])
            if len(places) > jobs + excused:
                names = ", ".join(name for name, _ in places)
                yield f"The alert {kind} about {about} went out {len(places)} times: {names}."


def _may_come_first(copy: Job, jobs: Sequence[Job]) -> bool:
    """Whether a copy may take the claim of its original: AWS Batch did not list that yet (SECURITY.md).
    Of a claim of which AWS Batch took no job, nobody can have made one.
    """
    since_start = copy.fixed["createdAt"] / 1000 - START.timestamp()
    return any(job.listed_at > since_start for job in jobs)
