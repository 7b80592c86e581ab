"""The state machine of a claim: the real SubmitJob, ResumeClaims and RecordJobEvent, several at once, in
memory.

Each is stopped before each of its calls; Hypothesis says how the call goes, which one goes on, and what time
it is.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from pulse.domain.envelope import CLAIM_ABANDONED
from pulse.domain.errors import PulseError, TryAgain
from pulse.domain.plan.preparation import Preparation
from pulse.domain.request.identity import Identity
from pulse.domain.request.job_request import JobRequest
from pulse.domain.request.resources import Resources
from pulse.services.follow.resume_claims import ResumeClaims
from pulse.services.submit.finish_claim import FinishClaim
from pulse.services.submit.submit_job import SubmitJob
from tests.unit.claim_functions import FUNCTION_LIVES, POSSIBLE, REPEATED, Function, Wire
from tests.unit.claim_world import CATALOGUE, LAGS, SITE, Clock, MemoryBatch, MemoryLedger
from tests.unit.recorder import recorder

REQUESTS = {"single": JobRequest(tags={"Of": "single"}), "array": JobRequest(tags={"Of": "array"}, shards=2)}
STEPS = {"single": 1, "array": 2}
PREPARED = Preparation(resources=Resources(vcpus=0.25, memory_mib=512, gpus=0, timeout_seconds=3600))
LIFE = ("RUNNABLE", "RUNNING", "SUCCEEDED")
SETTLED_WITHIN, EVERY = timedelta(minutes=20), timedelta(minutes=5)
MOST_FUNCTIONS = 4
A_CALL = timedelta(microseconds=1)
"""However short, it parts those who claim one after the other."""
anything = st.integers(0, 59)
fates = st.lists(st.one_of(st.just(0), anything), max_size=12)


@dataclass
class Left:
    """The queue in which abandoned claims are sent."""

    job_ids: list[str] = field(default_factory=list)

    def send(self, detail_type, detail, **_):
        assert detail_type == CLAIM_ABANDONED
        self.job_ids.append(detail["job_id"])


class ClaimMachine(RuleBasedStateMachine):
    finish_claim, resume_claims, ledger = FinishClaim, ResumeClaims, MemoryLedger

    @initialize(come_back=st.booleans())
    def begin(self, come_back):
        """`come_back`: whether whoever got no answer asks again in the end."""
        self.clock, self.come_back = Clock(), come_back
        self.table, self.batch = self.ledger(), MemoryBatch(self.clock)
        self.functions, self.events, self.asked, self.ids = [], [], set(), 0
        self.left = Left()

    @rule(name=st.sampled_from(sorted(REQUESTS)), fates=fates, lag=st.sampled_from(LAGS), stops=st.booleans())
    def ask(self, name, fates, lag, stops):
        """A function is called for a request; after `fates` it stops half way or goes on to its end."""
        self.asked.add(name)
        self._call(lambda ledger, batch: self._submit(name, ledger, batch), fates, lag, stops=stops)

    @rule(name=st.sampled_from(sorted(REQUESTS)), calls=st.integers(1, 6))
    def race(self, name, calls):
        """Two functions for one request, each of which has made `calls` calls before either goes on."""
        for _ in range(2):
            self.ask(name, [0] * calls, LAGS[0], stops=True)
        for function in self.functions[-2:]:
            self._steps(function, [], LAGS[0], stops=False)

    @rule(name=st.sampled_from(sorted(REQUESTS)))
    def release_late(self, name):
        """The release of a job that was refused arrives again after the next call had it submitted."""
        first = self._begun(name, "submit")
        self._step(first, "refused")
        self._step(first, REPEATED)
        second = self._begun(name, "settle")
        for function in (first, second):
            self._steps(function, [], LAGS[0], stops=False)

    @rule()
    def refuse_the_merge(self):
        """A function gets its array taken, and what merges it refused."""
        function = self._begun("array", "submit")
        self._step(function, "answered")
        self._until(function, "submit")
        self._step(function, "refused")
        self._steps(function, [], LAGS[0], stops=False)

    @precondition(lambda self: self.events)
    @rule(which=anything, fates=fates, stops=st.booleans())
    def hear(self, which, fates, stops):
        """Any event that ever happened is delivered: late, repeated, out of turn."""
        event = self.events[which % len(self.events)]
        self._call(lambda ledger, _: self._recorder(ledger).record(event), fates, LAGS[0], stops=stops)

    @rule()
    def look_for_abandoned_claims(self):
        self._resumer().resume()

    @precondition(lambda self: self.left.job_ids)
    @rule(which=anything, fates=fates, lag=st.sampled_from(LAGS), stops=st.booleans())
    def finish(self, which, fates, lag, stops):
        """A claim that was found abandoned, at whatever time, is finished: late, repeated."""
        job_id = self.left.job_ids[which % len(self.left.job_ids)]
        self._call(
            lambda ledger, batch: self._finisher(ledger, batch).finish(job_id), fates, lag, stops=stops
        )

    @precondition(lambda self: self.functions)
    @rule(which=anything, fates=fates, lag=st.sampled_from(LAGS), stops=st.booleans())
    def go_on(self, which, fates, lag, stops):
        self._steps(self.functions[which % len(self.functions)], fates, lag, stops=stops)

    @rule(seconds=st.sampled_from((1, 15, 31, 61, 121)), fate=anything)
    def wait(self, seconds, fate):
        self._forward(seconds, fate)

    @precondition(lambda self: self.batch.jobs)
    @rule(which=anything)
    def run_on(self, which):
        job = self.batch.jobs[which % len(self.batch.jobs)]
        if job.status != LIFE[-1]:
            job.status = LIFE[LIFE.index(job.status) + 1] if job.status in LIFE else LIFE[0]
            self.events.append(job.event())

    @invariant()
    def never_two_jobs(self):
        names = [job.name for job in self.batch.jobs]
        assert len(names) == len(set(names)), "two jobs of one name"
        for name, steps in STEPS.items():
            assert len(self._jobs(name)) <= steps, f"too many jobs for the {name} request"

    @invariant()
    def released_means_no_job(self):
        sent = self.batch.on_the_way
        taken = {job.name for job in self.batch.jobs} | {parameters["jobName"] for _, parameters in sent}
        for record in self.table.records.values():
            assert record.status != "RELEASED" or record.job_name not in taken, "released, but it has a job"

    @invariant()
    def known_ids_are_right(self):
        names = {job.id: job.name for job in self.batch.jobs}
        for record in self.table.records.values():
            assert not record.batch_job_id or names[record.batch_job_id] == record.job_name

    def teardown(self):
        if not hasattr(self, "clock"):
            return
        for function in list(self.functions):
            self._kill(function, 0)
        if self.come_back:
            for name in sorted(self.asked):
                self._everybody_retries(name)
        else:
            self._nobody_retries()
        self._forward(600)
        self.never_two_jobs()

    def _nobody_retries(self):
        """What was claimed is finished all the same; what is RELEASED was refused to whoever asked."""
        for _ in range(int(SETTLED_WITHIN / EVERY)):
            self._forward(EVERY.total_seconds())
            self.left.job_ids.clear()
            self._resumer().resume()
            for job_id in self.left.job_ids:
                with suppress(TryAgain):
                    self._finisher(self.table, self.batch).finish(job_id)
            self.never_two_jobs()
            self.released_means_no_job()
        for record in self.table.records.values():
            first = self.table.records[record.results_id]
            assert record.status != "CLAIMED", "left in the middle"
            assert record.status != "RELEASED" or first.status == "RELEASED", "its array has no follower"
            jobs = [job.id for job in self.batch.jobs if job.name == record.job_name]
            known = [record.batch_job_id] if record.batch_job_id else []
            assert jobs == known, "the ledger knows other ids"

    def _everybody_retries(self, name):
        """As SQS and a client do: until there is an answer. It is the same from then on."""
        begun = self.clock()
        while True:
            try:
                first = self._submit(name, self.table, self.batch)
                break
            except TryAgain as error:
                self._forward(error.retry_after_seconds)
                assert self.clock() - begun < SETTLED_WITHIN, f"the {name} request does not settle"
        self.never_two_jobs()
        again = self._submit(name, self.table, self.batch)
        told = [first.record, *([first.follower] if first.follower else [])]
        assert [record.batch_job_id for record in told] == [job.id for job in self._jobs(name)]
        assert (again.record.job_id, again.batch_job_id) == (first.record.job_id, first.batch_job_id)
        assert len(told) == STEPS[name]
        known = [self.table.records[record.job_id].batch_job_id for record in told]
        assert known == [record.batch_job_id for record in told], "the ledger knows other ids"
        if first.follower:
            (waits,) = self._jobs(name)[1].parameters["dependsOn"]
            assert waits == {"jobId": first.batch_job_id}

    def _jobs(self, name):
        """The jobs of a request, an array before its follower."""
        of = [job for job in self.batch.jobs if job.parameters["tags"]["Of"] == name]
        return sorted(of, key=lambda job: "dependsOn" in job.parameters)

    def _submit(self, name, ledger, batch):
        identity = Identity(key=name, payload_hash=name, strict=True)
        return self._submitter(ledger, batch).submit(REQUESTS[name], identity)

    def _finisher(self, ledger, batch):
        return self.finish_claim(
            ledger=ledger, batch=batch, budget_usd=None, clock=self.clock, pause_up_to=lambda _: None
        )

    def _resumer(self):
        return self.resume_claims(
            ledger=self.table,
            submissions=self.left,
            job_events=self.left,
            queues={"fifo": "arn:fifo"},
            clock=self.clock,
        )

    def _submitter(self, ledger, batch):
        return SubmitJob(
            ledger=ledger,
            finish_claim=self._finisher(ledger, batch),
            prepare=lambda _, **__: PREPARED,
            catalogue=CATALOGUE,
            site=SITE,
            clock=self.clock,
            random_hex=self._random_hex,
        )

    def _recorder(self, ledger):
        return recorder(ledger, self.clock, deployment=None)

    def _random_hex(self):
        self.ids += 1
        return f"{self.ids:08x}"

    def _call(self, work, fates, lag, *, stops):
        if len(self.functions) == MOST_FUNCTIONS:
            self._kill(self.functions[0], 0)
        function = Function(
            lambda me: work(Wire(me, self.table), Wire(me, self.batch)), self.clock() + FUNCTION_LIVES
        )
        self.functions.append(function)
        self._steps(function, fates, lag, stops=stops)

    def _begun(self, name, call):
        """A function for the request that stands before this call, or has ended without it."""
        self.ask(name, [], LAGS[0], stops=True)
        function = self.functions[-1]
        self._until(function, call)
        return function

    def _until(self, function, call):
        while function.at not in {call, ""}:
            self._step(function, "answered")

    def _steps(self, function, fates, lag, *, stops):
        self.batch.lag = lag
        for fate in fates:
            self._step(
                function, POSSIBLE[function.at][fate % len(POSSIBLE[function.at])] if function.at else ""
            )
        while function.at and not stops:
            self._step(function, "answered")

    def _step(self, function, fate):
        self.clock.now += A_CALL
        if function.at:
            function.step(fate)
        if not function.at and function in self.functions:
            self.functions.remove(function)
            assert function.crashed is None or isinstance(function.crashed, PulseError), function.crashed

    def _kill(self, function, fate):
        ways = [way for way in POSSIBLE[function.at] if way.startswith("killed")]
        self._step(function, ways[fate % len(ways)])

    def _forward(self, seconds, fate=0):
        """Functions whose time is up are killed, wherever they are."""
        end = self.clock() + timedelta(seconds=seconds)
        while self.clock() < end:
            due = [at for at, _ in self.batch.on_the_way] + [one.until for one in self.functions]
            self.clock.now = min([end, *due])
            self.batch.arrive()
            for function in [one for one in self.functions if one.until <= self.clock()]:
                self._kill(function, fate)
