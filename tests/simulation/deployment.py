"""What is configured in the simulated deployment: its queues, profiles, triggers, prices and its budget."""

from decimal import Decimal

from msgspec.structs import replace
from recursive_training.data.names import TABLE_SUFFIXES

from pulse.domain.catalogue.catalogue import Queue
from pulse.domain.catalogue.trigger import Trigger
from pulse.domain.cost.prices import InstancePrice
from pulse.domain.request.defaults import RequestDefaults
from pulse.domain.request.profile import Profile
from pulse.domain.schedule_target import ScheduleTarget
from pulse.settings import Settings
from tests.prices import PRICES
from tests.simulation.account import ACCOUNT, REGION
from tests.simulation.batch_definitions import training_definition
from tests.simulation.batch_job import Queue as JobQueue
from tests.simulation.kernel import Kernel

BATCH = f"arn:aws:batch:{REGION}:{ACCOUNT}"
QUEUE_ARN = f"{BATCH}:job-queue/pulse-retrodiction-job-queue"
ON_DEMAND_ARN = f"{BATCH}:job-queue/pulse-retrodiction-on-demand"
SHARED_ARN = f"{BATCH}:job-queue/pulse-retrodiction-shared"
INSTANCES_ARN = f"{BATCH}:job-queue/pulse-retrodiction-instances"
DEFINITION_ARN = f"{BATCH}:job-definition/pulse-retrodiction-training:7"
ON_INSTANCES_ARN = f"{BATCH}:job-definition/pulse-retrodiction-training-ec2:3"
JOB_QUEUES = (
    JobQueue(QUEUE_ARN),
    JobQueue(ON_DEMAND_ARN),
    JobQueue(SHARED_ARN, fair_share=True, gives_up_seconds=600.0),
    JobQueue(INSTANCES_ARN, platform="EC2"),
)
DEFINITIONS = (
    training_definition(DEFINITION_ARN, scheduling_priority=50),
    training_definition(ON_INSTANCES_ARN, platform="EC2", scheduling_priority=50),
)
INSTANCE_TYPE = "m5.xlarge"
_PROFILES = {
    "small": Profile(vcpus=1, memory_mib=2048, timeout_seconds=3600, attempts=3, queue="fifo"),
    "auto": Profile(vcpus="auto", memory_mib="auto", timeout_seconds="auto", attempts=2, queue="fifo"),
    "shared": Profile(vcpus=0.5, memory_mib=1024, timeout_seconds=3600, attempts=3, queue="shared"),
    "instances": Profile(vcpus=2, memory_mib=4096, timeout_seconds=3600, attempts=4, queue="instances"),
}
_TRIGGERS = (
    Trigger(prefix="datasets/folders/", on="_SUCCESS", profile="auto"),
    Trigger(prefix="datasets/listed/", on="manifest.json", profile="small", shards=2),
    Trigger(prefix="datasets/auto/", profile="auto"),
    Trigger(prefix="datasets/shared/", profile="shared", share_identifier="drops"),
    Trigger(prefix="datasets/instances/", suffix=".csv", profile="instances"),
    Trigger(prefix="datasets/small/", suffix=".csv", profile="small"),
)
AMPLE_USD = Decimal(1_000_000)
_TIGHT = 0.25
_LEAST_USD, _MOST_USD = 0.5, 10.0


def budget_usd(kernel: Kernel) -> Decimal:
    """A month's: of some seeds less than what is asked for, else more than that."""
    if kernel.chance("tight budget") >= _TIGHT:
        return AMPLE_USD
    return Decimal(str(round(_LEAST_USD + _MOST_USD * kernel.chance("budget") ** 2, 2)))


def settings(  # noqa: PLR0913 - what a world has names for
    kernel: Kernel,
    *,
    table: str,
    buckets: tuple[str, str],
    topic: str,
    drops_url: str,
    events_url: str,
    events_arn: str,
    dead_arn: str,
) -> Settings:
    """Of all functions. `buckets`: of the data, and of the results."""
    return Settings(
        ledger_table=table,
        data_bucket=buckets[0],
        results_bucket=buckets[1],
        job_definition=DEFINITION_ARN,
        queues={
            "fifo": Queue(arn=QUEUE_ARN, spot=True, on_demand_queue="on-demand", max_vcpus=16),
            "on-demand": Queue(arn=ON_DEMAND_ARN, max_vcpus=16),
            "shared": Queue(arn=SHARED_ARN, fair_share=True),
            "instances": Queue(
                arn=INSTANCES_ARN,
                platform="EC2",
                job_definition=ON_INSTANCES_ARN,
                spot=True,
                max_vcpus=4,
                instance_types=(INSTANCE_TYPE,),
            ),
        },
        profiles=_PROFILES,
        request_defaults=RequestDefaults(profile="small", variables=("spx_close",)),
        triggers=_TRIGGERS,
        table_suffixes=TABLE_SUFFIXES,
        tags={"Project": "Pulse"},
        alerts_topic=topic,
        slack_webhook_secret="slack",
        log_group="/pulse/training",
        prices=replace(
            PRICES,
            ec2={INSTANCE_TYPE: InstancePrice(hour_usd=Decimal("0.192"), vcpus=4, memory_mib=16_384)},
        ),
        monthly_budget_usd=budget_usd(kernel),
        reruns_queue=drops_url,
        job_events_queue=events_url,
        overdue_schedules=ScheduleTarget(
            group="pulse",
            queue_arn=events_arn,
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/schedules",
            dead_letters_arn=dead_arn,
        ),
        # What is asked again after long is the same request, and meant so.
        idempotency_window_seconds=86_400,
    )
