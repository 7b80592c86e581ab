"""The end of an array and those of its children, all at once: the array costs what all its children cost.

Each event has a function of its own, which stops before each of its calls; Hypothesis says which one goes on
and how its call goes. What failed is delivered again.
"""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.domain.errors import TryAgain
from pulse.domain.job.event import Attempt, JobEvent
from pulse.domain.job.record import JobRecord
from tests.unit.claim_functions import FUNCTION_LIVES, POSSIBLE, Function, Wire
from tests.unit.claim_world import Clock, MemoryLedger
from tests.unit.recorder import recorder

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ARRAY = JobRecord(
    job_id="array",
    status="PENDING",
    created_at=START,
    batch_job_id="aws-array",
    job_name="pulse-array",
    queue="fifo",
    array_size=2,
    vcpus="1",
    memory_mib=2048,
)


def end(batch_job_id):
    """The event that the array has ended, or a child, which ran for ten minutes."""
    ran = Attempt(started_at=START, stopped_at=START + timedelta(minutes=10), exit_code=0)
    return JobEvent(
        batch_job_id=batch_job_id,
        job_name="pulse-array",
        queue_arn="arn:fifo",
        status="SUCCEEDED",
        attempts=(ran,) if ":" in batch_job_id else (),
        environment={"PULSE_JOB_ID": "array"},
    )


ENDS = [end("aws-array"), *(end(f"aws-array:{index}") for index in range(2))]
turns = st.lists(
    st.tuples(st.sampled_from(range(len(ENDS))), st.integers(1, 8), st.just(0) | st.integers(0, 5)),
    min_size=6,
    max_size=12,
)
"""Which function goes on, for how many calls, and how the last of them goes."""


@settings(max_examples=600, deadline=None)
@given(turns=turns)
def test_should_cost_what_all_its_children_cost_however_their_ends_meet(turns):
    ledger = MemoryLedger()
    ledger.create(ARRAY)
    functions = [_handles(event, ledger) for event in ENDS]
    for which, calls, fate in turns:
        for one in (*[0] * (calls - 1), fate):
            _step(functions[which], one)
    for function in functions:
        while function.at:
            _step(function, 0)
    for event, function in zip(ENDS, functions, strict=True):
        while function.failed:
            function = _handles(event, ledger)  # noqa: PLW2901 - the next delivery
            while function.at:
                _step(function, 0)

    children_usd = [child.cost_usd for child in ledger.children("array")]
    assert len(children_usd) == 2
    assert ledger.records["array"].cost_usd == sum(children_usd)
    assert ledger.costs["array"] == sum(children_usd)


def _handles(event, ledger):
    def work(function):
        function.failed = True
        recorder(Wire(function, ledger), Clock(), deployment=None).record(event)
        function.failed = False

    return Function(work, START + FUNCTION_LIVES)


def _step(function, fate):
    if function.at:
        ways = POSSIBLE[function.at]
        function.step(ways[fate % len(ways)])
    assert function.crashed is None or isinstance(function.crashed, TryAgain), function.crashed
