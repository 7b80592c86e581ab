"""What ended containers cost, on Fargate and on instances, with ports in memory."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from pulse.domain.catalogue.catalogue import Queue
from pulse.domain.cost.fargate import actual_cost
from pulse.domain.cost.instances import Instance, SpotPrice
from pulse.domain.cost.prices import InstancePrice
from pulse.domain.errors import Misconfigured, Unavailable
from pulse.domain.job.drift import END_UNKNOWN
from pulse.domain.job.event import Attempt, JobEvent, parse
from pulse.domain.job.record import JobRecord
from pulse.services.follow.price_runs import Cost, PriceRuns
from tests.prices import PRICES
from tests.unit.claim_world import CATALOGUE

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ARN = "arn:aws:ecs:us-east-1:123456789012:container-instance/AWSBatch-gpu-1/7b1d"
OTHER = f"{ARN}2"
ON_DEMAND = Instance(type="m5.large", zone="us-east-1a", spot=False)
SPOT = replace(ON_DEMAND, spot=True)


class Memory:
    """The ledger's instances, and AWS's, with a count of what AWS was asked."""

    def __init__(self, found=None, spot_prices=()):
        self.noted, self.found, self.prices, self.asked = {}, found or {}, spot_prices, 0

    def instance(self, arn):
        return self.noted.get(arn)

    def note_instance(self, arn, instance, *, now):
        assert now == NOON
        self.noted[arn] = instance

    def find(self, arn):
        self.asked += 1
        found = self.found.get(arn)
        if isinstance(found, Exception):
            raise found
        return found

    def spot_prices(self, instance, since, until):
        assert (instance.type, instance.zone) == ("m5.large", "us-east-1a")
        assert since < until
        return list(self.prices)


def priced(memory):
    price = InstancePrice(hour_usd=Decimal("0.1"), vcpus=2, memory_mib=8192)
    queues = {"instances": Queue(arn="arn:instances", platform="EC2", instance_types=("m5.large",))}
    return PriceRuns(
        ledger=memory,
        instances=memory,
        prices=replace(PRICES, ec2={"m5.large": price}),
        catalogue=replace(CATALOGUE, queues=CATALOGUE.queues | queues),
        clock=lambda: NOON,
    )


def attempt(arn=ARN, hours=1, begun=NOON):
    return Attempt(started_at=begun, stopped_at=begun + hours * HOUR, container_instance=arn)


def ended(*attempts):
    return JobEvent(
        batch_job_id="b", job_name="j", queue_arn="arn:instances", status="SUCCEEDED", attempts=attempts
    )


def running(arn=ARN):
    return replace(ended(), status="RUNNING", started_at=NOON, container_instance=arn)


# Half of the instance.
RECORD = JobRecord(
    job_id="j", status="RUNNING", created_at=NOON, queue="instances", vcpus="1", memory_mib=2048
)


def test_should_look_an_instance_up_once_while_it_runs_and_not_again():
    memory = Memory({ARN: ON_DEMAND})
    runs = priced(memory)
    assert [runs.note_instance(running()), runs.note_instance(running())] == ["", ""]
    memory.found = {}
    assert runs.cost_of(RECORD, ended(attempt(hours=3))) == Cost(usd=Decimal("0.150000"))
    assert memory.asked == 1


def test_should_look_up_at_the_end_what_was_missed_before():
    assert priced(Memory({ARN: ON_DEMAND})).cost_of(RECORD, ended(attempt())).usd == Decimal("0.05")


def test_should_add_up_attempts_on_different_instances():
    memory = Memory({ARN: SPOT, OTHER: ON_DEMAND}, [SpotPrice(NOON - HOUR, Decimal("0.04"))])
    never_started = Attempt(status_reason="Task failed to start", container_instance=ARN)
    done = ended(attempt(), never_started, attempt(OTHER, begun=NOON + 2 * HOUR))
    assert priced(memory).cost_of(RECORD, done).usd == Decimal("0.07")


def test_should_price_one_attempt_that_the_event_tells_without_a_list():
    done = replace(running(), status="SUCCEEDED", stopped_at=NOON + HOUR)
    assert priced(Memory({ARN: ON_DEMAND})).cost_of(RECORD, done).usd == Decimal("0.05")


def test_should_cost_nothing_when_nothing_ran():
    assert priced(Memory()).cost_of(RECORD, ended()) == Cost(usd=Decimal(0))


def test_should_charge_for_no_more_than_the_whole_instance():
    done = priced(Memory({ARN: ON_DEMAND})).cost_of(replace(RECORD, vcpus="8"), ended(attempt()))
    assert done.usd == Decimal("0.1")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({}, "Nothing is known of the container instance"),
        ({ARN: Misconfigured("denied")}, "denied"),
        ({ARN: Unavailable("slow")}, "slow"),
        ({ARN: replace(ON_DEMAND, type="c7i.large")}, "config/prices.yaml has no price of c7i.large"),
        ({ARN: SPOT}, "No Spot price of m5.large in us-east-1a is known"),
    ],
)
def test_should_say_why_a_cost_is_not_known_and_never_tell_a_part_of_it(found, why):
    cost = priced(Memory(found | {OTHER: ON_DEMAND})).cost_of(RECORD, ended(attempt(OTHER), attempt()))
    assert cost.usd is None
    assert why in cost.trouble


def test_should_wait_for_a_price_as_long_as_aws_fails_in_passing():
    soon = priced(Memory({ARN: Unavailable("slow")}))
    just_ended = replace(ended(attempt()), stopped_at=NOON - timedelta(minutes=9))
    with pytest.raises(Unavailable):
        soon.cost_of(RECORD, just_ended)
    long_ago = replace(just_ended, stopped_at=NOON - timedelta(minutes=10))
    assert soon.cost_of(RECORD, long_ago) == Cost(trouble="slow")


def test_should_not_price_an_end_of_which_nothing_was_heard():
    assert priced(Memory()).cost_of(RECORD, replace(ended(), status_reason=END_UNKNOWN)) == Cost()


def test_should_ask_nothing_about_an_attempt_that_names_no_instance():
    memory = Memory()
    assert "does not say on which" in priced(memory).cost_of(RECORD, ended(attempt(""))).trouble
    assert memory.asked == 0


def test_should_say_what_an_instance_could_not_be_looked_up_for():
    assert priced(Memory({ARN: Misconfigured("denied")})).note_instance(running()) == "denied"


@pytest.mark.parametrize("event", [running(""), ended(attempt()), replace(running(), status="STARTING")])
def test_should_ask_nothing_of_other_events(event):
    memory = Memory({ARN: ON_DEMAND})
    assert not priced(memory).note_instance(event)
    assert memory.asked == 0


def test_should_price_fargate_without_a_call():
    memory = Memory()
    (name,) = (name for name, queue in CATALOGUE.queues.items() if queue.platform == "FARGATE")
    on_fargate = replace(RECORD, queue=name)
    # 1 vCPU and 2 GB for an hour.
    assert priced(memory).cost_of(on_fargate, ended(attempt(""))).usd == Decimal("0.048")
    assert memory.asked == 0


def test_should_not_price_what_another_client_ran_elsewhere():
    assert priced(Memory()).cost_of(replace(RECORD, queue="theirs"), ended(attempt())) == Cost()
    assert priced(Memory()).cost_of(replace(RECORD, vcpus=""), ended(attempt())) == Cost()


@pytest.mark.parametrize(
    ("clusters", "spot_hours", "on_demand_hours"),
    [
        (["AWSBatch-spot-1f2e"], 1, 0),
        (["AWSBatch-spot-2-1f2e"], 0, 1),
        (["spot_Batch_1f2e", "AWSBatch-spot-2-1f2e"], 1, 1),
        (["", "AWSBatch-another-1f2e"], 2, 0),
        (["AWSBatch-spotted-1f2e"], 1, 0),
    ],
    ids=["Spot", "spilled over", "one each", "nobody knows: as the queue begins", "another's name"],
)
def test_should_price_an_attempt_on_fargate_by_where_it_ran(clusters, spot_hours, on_demand_hours):
    queues = {"fifo": replace(CATALOGUE.queues["fifo"], spot=True)}
    runs = replace(
        priced(Memory()),
        catalogue=replace(CATALOGUE, queues=queues),
        fargate_environments={"spot": True, "spot-2": False},
    )
    record = JobRecord(
        job_id="j", status="RUNNING", created_at=NOON, queue="fifo", vcpus="1", memory_mib=2048
    )
    event = ended(*(replace(attempt(""), cluster=cluster) for cluster in clusters))

    def cost(hours, *, spot):
        return actual_cost(PRICES, vcpus=1, memory_mib=2048, spot=spot, attempt_seconds=[3600] * hours)

    assert runs.cost_of(record, event).usd == cost(spot_hours, spot=True) + cost(on_demand_hours, spot=False)


def test_should_know_the_cluster_of_each_attempt_from_its_task():
    task = "arn:aws:ecs:us-east-1:123456789012:task/AWSBatch-spot-1f2e/5f1c"
    detail = {"jobId": "b", "status": "FAILED", "container": {"taskArn": task}}
    detail["attempts"] = [
        {"container": {"taskArn": task.replace("spot", "spot-2")}, "startedAt": 1, "stoppedAt": 2}
    ]
    event = parse(detail)
    assert [event.cluster, *(one.cluster for one in event.attempts)] == [
        "AWSBatch-spot-1f2e",
        "AWSBatch-spot-2-1f2e",
    ]
