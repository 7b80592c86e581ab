"""Mutants of the product: in each one rule of the protocol is gone, and the simulation must show it."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from textwrap import dedent
from typing import Any

from tests.simulation.asks import Ask
from tests.simulation.drawing import asks
from tests.simulation.faults import Kind
from tests.simulation.kernel import Kernel
from tests.simulation.simulation import RATES, Run, simulate

FEW = 3
"""Twins of an ask: more are a storm, and cost much time."""


@dataclass(frozen=True)
class Mutant:
    """`function`: what it changes, `module:qualified name`; in its source `rule` stands once, and becomes
    `instead`. `asked`: how many are asked for in one run. So that it shows soon, `more`: of which
    faults there are more than usually; `of`: of which asks only; `first`: from which seed on.
    """

    name: str
    function: str
    rule: str
    instead: str
    asked: int = 20
    more: Mapping[Kind, float] = field(default_factory=dict)
    of: Callable[[Ask], bool] = lambda ask: len(ask.twins) <= FEW
    first: int = 1

    @property
    def rates(self) -> Mapping[Kind, float]:
        """In how many calls each kind of fault happens."""
        return {**RATES, **self.more}

    def run(self, seed: int) -> Run:
        """A simulation in which it should show."""
        drawn = asks(Kernel(seed, self.rates), self.asked)
        return simulate(seed, self.asked, rates=self.rates, names=[ask.name for ask in drawn if self.of(ask)])

    @contextmanager
    def applied(self) -> Iterator[None]:
        """While it lasts, the product is without the rule, wherever the function was imported to."""
        function = inspect.unwrap(_found(self.function))
        source = dedent(inspect.getsource(function))
        if source.count(self.rule) != 1:
            raise LookupError(f"{self.function} does not hold once: {self.rule}")
        changed: dict[str, Any] = {}
        code = compile(source.replace(self.rule, self.instead), f"<{self.name}>", "exec")
        exec(code, function.__globals__, changed)  # noqa: S102 - of the product's own source
        [without_rule] = changed.values()
        before, function.__code__ = function.__code__, inspect.unwrap(without_rule).__code__
        try:
            yield
        finally:
            function.__code__ = before


def _found(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


_LEDGER, _COSTS = "pulse.aws.ledger.ledger:Ledger", "pulse.aws.ledger.costs:LedgerCosts"
_FINISH, _FOLLOW = (
    "pulse.services.submit.finish_claim:FinishClaim",
    "pulse.services.follow.record_job_event:RecordJobEvent",
)

MUTANTS = (
    Mutant(
        "a claim is written over another",
        f"{_LEDGER}.claim",
        'f"{_NEW} OR valid_until <= :now"',
        'f"{_NEW} OR attribute_exists(pk) OR valid_until <= :now"',
    ),
    Mutant(
        "a claim counts for no time",
        "pulse.aws.ledger.items:claim_values",
        "timedelta(seconds=identity.window_seconds)",
        "timedelta(0)",
    ),
    Mutant(
        "who meets a claim takes it for their own",
        f"{_LEDGER}.claim",
        "return None if existing.job_id == first.job_id else existing",
        "return None",
    ),
    Mutant(
        "a job is submitted before it is claimed",
        "pulse.services.submit.submit_job:SubmitJob.submit",
        "claim = self.ledger.claim(identity, records, stored(planned), prepared.reservation)",
        "sent = self.finish_claim.send(records, planned.steps)\n"
        "    if not self.ledger.claim(identity, records, stored(planned), prepared.reservation):\n"
        "        return sent\n"
        "    claim = self.ledger.claimed(identity, now=self.clock())",
    ),
    Mutant(
        "a claim is written without its plan",
        f"{_LEDGER}.claim",
        'writes.append({"Put": self._put(self._plan_item(first, plan), _NEW)})',
        "pass",
        more={"died before": 0.03},
    ),
    Mutant(
        "a claim is taken over while its lease lasts",
        "pulse.domain.plan.claim:standing",
        'return "in flight" if now < record.lease_until else "unsettled"',
        'return "abandoned"',
    ),
    Mutant(
        "the lease of a claim is over when it begins",
        "pulse.services.submit.submit_job:SubmitJob._claimed",
        "lease=LEASE",
        "lease=-LEASE",
    ),
    Mutant(
        "who takes a claim over has no lease",
        f"{_FINISH}._ensure",
        "until=now + LEASE",
        "until=now - LEASE",
        of=lambda _: True,
        first=2,
    ),
    Mutant(
        "two may take over the same claim",
        f"{_LEDGER}.take_over",
        'unchanged = "lease_until = :lease" if record.lease_until else "attribute_not_exists(lease_until)"',
        'unchanged = "lease_until <> :lease OR lease_until = :lease"',
        more={"died before": 0.1},
    ),
    Mutant(
        "a job is submitted again after an unknown outcome",
        f"{_FINISH}._submit",
        "return found\n            raise\n",
        "return found\n",
    ),
    Mutant(
        "a look-up is believed before AWS Batch must list a job",
        f"{_FINISH}._submit",
        "return found\n            raise\n",
        'return found\n            raise NotAccepted("AWS Batch does not list it")\n',
    ),
    Mutant(
        "a lost answer is taken for a refusal",
        "pulse.aws.batch.jobs:Batch.submit",
        "raise OutcomeUnknown(type(error).__name__) from error",
        "raise NotAccepted(type(error).__name__) from error",
    ),
    Mutant(
        "a server error is taken for a refusal",
        "pulse.aws.batch.jobs:_of_answer",
        'return OutcomeUnknown(f"{code}: {message}")',
        'return NotAccepted(f"{code}: {message}")',
    ),
    Mutant(
        "a claim is given back although its job may have been taken",
        f"{_FINISH}._send",
        "for one in (record, *unsent) if isinstance(error, _SURELY_NOT_TAKEN) else unsent:",
        "for one in (record, *unsent):",
    ),
    Mutant(
        "AWS Batch is not asked for a job by its name",
        f"{_FINISH}._find",
        'return next(iter(self.batch.find(step.parameters["jobQueue"], step.job_name)), "")',
        'return ""',
        more={"lost": 0.3},
    ),
    Mutant(
        "a claim is settled over what an event wrote",
        f"{_LEDGER}.settle",
        '"#status = :claimed"',
        '"#status = :claimed OR #status <> :claimed"',
        of=lambda _: True,
    ),
    Mutant(
        "what follows an array does not wait for it",
        f"{_FINISH}._submit",
        "step.after(follows)",
        "step.parameters",
    ),
    Mutant(
        "a record is written over what others wrote",
        f"{_LEDGER}._forward",
        '"ConditionExpression": _UNCHANGED',
        '"ConditionExpression": f"{_UNCHANGED} OR #position <> :before OR #revision <> :read"',
        more={"slow": 0.3},
    ),
    Mutant(
        "a record is written at whatever revision it is",
        f"{_LEDGER}._forward",
        '"ConditionExpression": _UNCHANGED',
        '"ConditionExpression": _UNCHANGED.replace("(", "(#revision <> :read OR ", 1)',
        more={"slow": 0.3},
        first=13,
    ),
    Mutant(
        "a late event moves a record back",
        "pulse.domain.job.changes:advanced",
        "if position(event.status, len(event.attempts)) <= record.position:",
        "if event.status == record.status:",
    ),
    Mutant(
        "an event of another job of the same name counts",
        "pulse.domain.job.event_subject:is_about",
        "return record.batch_job_id == event.batch_job_id",
        "return record.job_name == event.job_name",
        asked=100,
        of=lambda ask: ask.cloned is not None and len(ask.twins) <= FEW,
    ),
    Mutant(
        "a copy that is heard of first takes a claim",
        f"{_FOLLOW}._is_first",
        "return not listed or listed[0] == event.batch_job_id",
        "return True",
        asked=100,
        more={"throttled": 0.3},
        of=lambda ask: ask.cloned is not None and len(ask.twins) <= FEW,
        first=3,
    ),
    Mutant(
        "what a record leads to is not tried again",
        f"{_FOLLOW}._job",
        'return self._follow_up(before, event, "late or repeated")',
        'return Result(effect="late or repeated", record=before)',
        first=2,
    ),
    Mutant(
        "an end is told before it is written",
        f"{_FOLLOW}._job",
        "after, measured = self._completed(before, moved, event)",
        "after, measured = self._completed(before, moved, event)\n"
        '        self._follow_up(after, event, "recorded", measured)',
    ),
    Mutant(
        "nobody looks whether an alert's turn is another's",
        "pulse.services.alert.publish_alert:PublishAlert.once",
        'if turn == "theirs":',
        "if False:",
        asked=100,
        more={"slow": 0.4},
        of=lambda ask: ask.kinds is not None and len(ask.twins) <= FEW,
        first=5,
    ),
    Mutant(
        "an alert's turn is taken whether or not it is free",
        "pulse.aws.ledger.alert_turns:AlertTurns.take",
        "ConditionExpression=_FREE_TURN",
        'ConditionExpression=f"{_FREE_TURN} OR attribute_exists(#sent) OR #turn > :now"',
    ),
    Mutant(
        "an alert's turn lasts for no time",
        "pulse.aws.ledger.alert_turns:AlertTurns.take",
        "(now + lease)",
        "now",
        asked=100,
        more={"slow": 0.4},
        of=lambda ask: ask.kinds is not None and len(ask.twins) <= FEW,
        first=5,
    ),
    Mutant(
        "an alert that went out is not noted",
        "pulse.services.alert.publish_alert:PublishAlert.once",
        "self._note(subject, kind)",
        "pass",
    ),
    Mutant(
        "an alert is noted before it went out",
        "pulse.services.alert.publish_alert:PublishAlert.once",
        "alert = make()",
        "self._note(subject, kind)\n    alert = make()",
    ),
    Mutant(
        "a job that died of memory is submitted again for each time it is asked for",
        "pulse.services.submit.rerun_job:RerunJob.with_what_it_lacked",
        "identity = idempotency.of_rerun(record.results_id, because)",
        "identity = idempotency.of_nothing(self.submit_job.random_hex())",
        more={"doubled": 0.1},
        first=6,
    ),
    Mutant(
        "a job that died of memory is not submitted again",
        "pulse.services.follow.watch_end:WatchEnd._failed",
        "self.reruns.enqueue(record.job_id, rerun.because)",
        "pass",
        asked=8,
        first=22,
    ),
    Mutant(
        "a job that lost its Spot capacity is not submitted again on demand",
        "pulse.domain.diagnosis.next_run:_on_demand",
        "if not queue.on_demand_queue:",
        "if True:",
        asked=100,
        of=lambda ask: ask.brief and len(ask.twins) <= FEW,
    ),
    Mutant(
        "a child counts for each time that its end is told",
        f"{_LEDGER}.note_child",
        "items.child_key(job_id, child.index)",
        "items.child_key(job_id, child.index + 100 * (now.microsecond % 100))",
        asked=8,
    ),
    Mutant(
        "a late child does not add to its array's cost",
        f"{_FOLLOW}._child",
        "if parent.is_terminal:",
        "if False:",
        asked=8,
        first=47,
    ),
    Mutant(
        "children that ended before their array are not added up",
        f"{_FOLLOW}._follow_up",
        "record = self._with_total_cost(record)",
        "pass",
        asked=100,
        more={"slow": 0.4},
        of=lambda ask: bool(ask.array) and len(ask.twins) <= FEW,
        first=5,
    ),
    Mutant(
        "two may note the cost of a job",
        f"{_COSTS}._add",
        '"attribute_not_exists(pk)" if noted_usd is None else "usd = :noted"',
        '"attribute_not_exists(pk) OR attribute_exists(pk)" if noted_usd is None '
        'else "usd = :noted OR usd <> :noted"',
        asked=100,
        more={"slow": 0.4},
        of=lambda ask: bool(ask.array) and len(ask.twins) <= FEW,
        first=6,
    ),
    Mutant(
        "what a job costs more is added whole",
        f"{_COSTS}._add",
        "cost_usd - (noted_usd or Decimal(0))",
        "cost_usd",
    ),
    Mutant(
        "the cost of a job is not noted",
        "pulse.services.follow.watch_end:WatchEnd.finish",
        "spent = self.watch_budget.note(record)",
        "spent = False",
        asked=8,
    ),
    Mutant(
        "an ended job keeps what it reserved",
        f"{_COSTS}._add",
        "(reserved_usd if noted_usd is None else noted_usd)",
        "(noted_usd or Decimal(0))",
        asked=8,
    ),
    Mutant(
        "an ended job gives back what it reserved for each cost that is noted",
        f"{_COSTS}._add",
        "(reserved_usd if noted_usd is None else noted_usd)",
        "(reserved_usd + (noted_usd or Decimal(0)))",
    ),
    Mutant(
        "a released claim keeps what it reserved",
        f"{_LEDGER}.release",
        "returning = [self._reserve(record, -record.reserved_usd)] if record.reserved_usd else []",
        "returning = []",
        more={"throttled": 0.5},
        first=20,
    ),
    Mutant(
        "a released claim gives back twice what it reserved",
        f"{_LEDGER}.release",
        "self._reserve(record, -record.reserved_usd)",
        "self._reserve(record, -2 * record.reserved_usd)",
        more={"throttled": 0.5},
        first=3,
    ),
    Mutant(
        "a claim that is taken over does not reserve anew",
        f"{_LEDGER}.take_over",
        'reserved_usd = record.reserved_usd if record.status == "RELEASED" else None',
        "reserved_usd = None",
        more={"throttled": 0.5},
        first=3,
    ),
    Mutant(
        "AWS Batch is not asked for jobs of which no event comes",
        "pulse.services.follow.reconcile_jobs:ReconcileJobs._described",
        "ids = [*batch_job_ids]",
        "ids = []",
        first=12,
    ),
    Mutant(
        "children of which nothing was heard are not asked for",
        "pulse.services.follow.reconcile_jobs:ReconcileJobs._unheard_children",
        "return unheard_children(parent, self.ledger.children(parent.job_id)) if parent.array_size else []",
        "return []",
        asked=100,
        of=lambda ask: bool(ask.array) and len(ask.twins) <= FEW,
        first=32,
    ),
    Mutant(
        "floods of refused drops are not told",
        "pulse.services.alert.find_floods:FindFloods.find",
        "if found.is_flood and not found.alerted",
        "if False",
        asked=400,
        of=lambda ask: bool(ask.flaw) and ask.door != "call",
        first=4,
    ),
    Mutant(
        "abandoned claims are not finished",
        "pulse.services.follow.resume_claims:ResumeClaims.resume",
        "for job_id in sorted(resumed):",
        "for job_id in ():",
        asked=100,
        more={"died before": 0.1},
        of=lambda ask: ask.gives_up and len(ask.twins) <= FEW,
    ),
    Mutant(
        "what follows an array and was left behind stays so",
        "pulse.services.follow.resume_claims:ResumeClaims._left_behind",
        "if array and array.batch_job_id:",
        "if False:",
        asked=300,
        more={"lost": 0.5},
        of=lambda ask: bool(ask.array) and ask.gives_up and not (ask.twins or ask.after),
        first=25,
    ),
    Mutant(
        "a batch of messages has no failures",
        "lambdas.common.sqs_batch:process",
        "for message in failed]",
        "for message in failed[:0]]",
    ),
    Mutant(
        "what is put off comes again at once",
        "pulse.aws.sqs.visibility:Visibility.put_off",
        "VisibilityTimeout=min(seconds, MOST_SECONDS)",
        "VisibilityTimeout=0",
        more={"slow": 0.3},
        first=16,
    ),
    Mutant(
        "an alert that Slack does not take is given up",
        "pulse.services.alert.post_slack:PostSlack.post",
        "self._refused(answer)",
        "pass",
        more={"refused": 0.05},
        first=13,
    ),
    Mutant(
        "a cancelled job goes on",
        "pulse.services.submit.cancel_job:CancelJob._stopped",
        "self.batch.stop(record.batch_job_id, status_reason)",
        "pass",
        asked=8,
    ),
    Mutant(
        "calls of one caller are the same request",
        "pulse.domain.request.identity:of_call",
        '_digest("body", caller, payload_hash)',
        '_digest("body", caller)',
    ),
    Mutant(
        "keys of one caller are the same request",
        "pulse.domain.request.identity:of_call",
        '_digest("api", caller, key_of_header(header))',
        '_digest("api", caller)',
    ),
    Mutant(
        "a key may be used for another request",
        "pulse.domain.plan.claim:check_payload",
        "if identity.strict and claim.payload_hash != identity.payload_hash:",
        "if False:",
        asked=100,
        of=lambda ask: ask.conflicts is not None and len(ask.twins) <= FEW,
    ),
    Mutant(
        "versions of an object are one request",
        "pulse.domain.request.identity:of_drop",
        'key = _digest("s3", drop.bucket, drop.key, identity)',
        'key = _digest("s3", drop.bucket)',
    ),
    Mutant(
        "a month's budget has no end",
        f"{_COSTS}._reserve",
        '{"ConditionExpression": fits if room >= 0 else _NEVER}',
        '({"ConditionExpression": f"{fits} OR total_usd > :room"} if room >= 0 else {})',
        first=7,
    ),
    Mutant(
        "a refusal is not written down",
        "pulse.services.submit.submit_job:SubmitJob.submit_or_refuse",
        "known = self.ledger.refuse(identity, str(why), now=self.clock())",
        "known = None",
        asked=60,
        first=7,
    ),
    Mutant(
        "a run is claimed over another job's claim",
        "recursive_training.steps.claim:claim",
        "if results.create(",
        "if results.write(",
        asked=100,
        of=lambda ask: ask.cloned is not None and len(ask.twins) <= FEW,
    ),
    Mutant(
        "a second attempt is a duplicate of the first",
        "recursive_training.steps.claim:claim",
        "if holder != mine:",
        "if True:",
        first=13,
    ),
    Mutant(
        "who is overdue is told after its end",
        "pulse.services.follow.watch_overdue:WatchOverdue.check",
        "if record.is_terminal:",
        "if False:",
        asked=60,
        of=lambda ask: ask.expected_seconds is not None and len(ask.twins) <= FEW,
    ),
)
