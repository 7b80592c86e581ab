"""Rules between values of the configuration: what neither a type nor CloudFormation's synth would catch."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from infra.config.compute import ComputeEnvironment
from infra.config.function_settings import USE_CASES, nothing_deployed, settings, variables
from infra.config.model import Config
from infra.config.trainings import check_trainings
from infra.config.types import Cidr, is_private_range
from pulse.domain.cost.instances import BUNDLES
from pulse.domain.fault import Fault, shown
from pulse.domain.request.profile import Profile
from pulse.domain.validation import InvalidInput, allowed, shown_name
from pulse.settings import PREFIX, Settings

MAX_ENVIRONMENTS = 3
MAX_NAME = 128
API_FUNCTIONS = ("submit_job", "cancel_job", "get_job")
API_TIMEOUT_SECONDS = 29
"""An HTTP API answers 503 after 30 s: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
SUBMIT_JOBS_PER_SECOND = 50
"""Of an account in a region, fixed: https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html"""
SUBMIT_JOBS_PER_CALL = 2
"""An array, and the job that merges or ranks what its children write."""
SUBMIT_JOBS_PER_TAKER = 6
"""A second, at most, of one invocation that goes through its messages one by one: a submission waits for the
ledger, for SubmitJob and for the ledger again, taken to be 150 ms at least. AWS publishes no time for it.
"""
_SECTIONS = {
    "slack_hosts": "alerts.slack.allowed_hosts",
    "slack_rate_per_second": "alerts.slack.rate_per_second",
    "slack_webhook_secret": "alerts.slack.webhook_secret",
}
"""Settings whose place in the configuration has another name."""
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}\Z")
_NAME_RULE = "1 to 128 letters, digits, hyphens and underscores, beginning with a letter or digit"


def check(config: Config, root: Path) -> list[Fault]:
    """Everything that is wrong between values that are right one by one. `root`: the project's folder."""
    told = settings(config, nothing_deployed(config))
    return [
        *_names(config),
        *_network(config),
        *_environments(config),
        *_queues(config),
        *told.catalogue(config.described).faults(),
        *check_trainings(config, root),
        *_profiles(config),
        *_alerts(config),
        *_functions(config),
        *_pace(config),
        *_settings(told),
    ]


def _names(config: Config) -> Iterator[Fault]:
    for section in ("compute_environments", "queues", "profiles"):
        for name in getattr(config, section):
            if not _NAME.match(name):
                yield Fault(section, f"names of {_NAME_RULE}", shown(name))
    if config.has_ec2 and len(config.names.ec2_job_definition) > MAX_NAME:
        limit = f"at most {MAX_NAME - 4} characters beside EC2 environments, for those get NAME-ec2"
        yield Fault("names.job_definition", limit, f"{len(config.names.job_definition)} characters")
    if environment := config.names.environment:
        longest = MAX_NAME - len(environment) - 1
        limit = f"names of at most {longest} characters, because names.environment is added to them"
        named = {"names.job_definition": config.names.job_definition}
        for path, name in [*named.items(), *(("queues", name) for name in config.queues)]:
            if len(name) > longest:
                yield Fault(path, limit, f"{len(name)} characters")
    data, results = config.buckets.data.name, config.buckets.results.name
    if data is not None and data == results:
        yield Fault("buckets.results.name", "another name than buckets.data.name", shown(results))


def _network(config: Config) -> Iterator[Fault]:
    if not is_private_range(config.network.cidr):
        yield Fault("network.cidr", allowed(Cidr), shown(config.network.cidr))


def _environments(config: Config) -> Iterator[Fault]:
    for name, environment in config.compute_environments.items():
        at = f"compute_environments.{name}"
        if environment.platform == "FARGATE":
            if environment.instance_types:
                yield Fault(f"{at}.instance_types", "nothing on Fargate", shown(environment.instance_types))
            if environment.gpu:
                yield Fault(f"{at}.gpu", "false on Fargate; a GPU needs type EC2 or SPOT", "true")
            continue
        if not environment.instance_types:
            yield Fault(f"{at}.instance_types", "at least one instance type, such as g5.xlarge", "nothing")
        for i, instance_type in enumerate(environment.instance_types):
            yield from _instance_type(config, environment, instance_type, f"{at}.instance_types[{i}]")


def _instance_type(config: Config, environment: ComputeEnvironment, name: str, at: str) -> Iterator[Fault]:
    cpu_architecture = config.container.cpu_architecture
    if _architecture(name) != cpu_architecture:
        limit = f"an instance type of container.cpu_architecture {cpu_architecture}"
        yield Fault(at, limit, shown(name))
    if environment.gpu and name in BUNDLES:
        yield Fault(at, "an instance type or family with a GPU, because of gpu: true", shown(name))
    price = config.prices.ec2.get(name)
    if environment.gpu and price and not price.gpus:
        limit = "an instance type with a GPU, because of gpu: true"
        yield Fault(at, limit, f"{shown(name)}, which has none in prices.ec2")


def _queues(config: Config) -> Iterator[Fault]:
    kinds = {queue.fair_share is not None for queue in config.queues.values()}
    for fair, text in ((False, "a queue without fair_share (FIFO)"), (True, "a queue with fair_share")):
        if fair not in kinds:
            yield Fault("queues", f"at least {text}", "none")
    for name, queue in config.queues.items():
        yield from _order(config, name, f"queues.{name}.environments")
        yield from _on_demand(config, name, f"queues.{name}.on_demand_queue")
        yield from _shares(queue.fair_share.shares if queue.fair_share else (), f"queues.{name}.fair_share")
        reasons = [limit.reason for limit in queue.job_state_time_limits]
        for i, reason in enumerate(reasons):
            if reason in reasons[:i]:
                at = f"queues.{name}.job_state_time_limits[{i}].reason"
                yield Fault(at, "each reason once", shown(reason))


def _order(config: Config, name: str, at: str) -> Iterator[Fault]:
    queue = config.queues[name]
    if not 1 <= len(queue.environments) <= MAX_ENVIRONMENTS:
        yield Fault(at, f"1 to {MAX_ENVIRONMENTS} environments", f"{len(queue.environments)}")
    for i, environment in enumerate(queue.environments):
        if environment not in config.compute_environments:
            known = ", ".join(config.compute_environments)
            yield Fault(f"{at}[{i}]", f"one of {known}", shown(environment))
        elif environment in queue.environments[:i]:
            yield Fault(f"{at}[{i}]", "each environment once", shown(environment))
    if len({environment.platform for environment in config.environments_of(name)}) > 1:
        yield Fault(at, "only Fargate or only EC2 environments", ", ".join(queue.environments))


def _on_demand(config: Config, name: str, at: str) -> Iterator[Fault]:
    """A job goes there with its share identifier, or without one, and on the same platform."""
    queue, other = config.queues[name], config.on_demand_queue_of(name)
    if not other:
        return
    fitting = [
        each
        for each, kind in config.queues.items()
        if (kind.fair_share is None) == (queue.fair_share is None)
        and config.platform_of(each) == config.platform_of(name)
        and not config.uses_spot(each)
    ]
    if other not in fitting:
        kind = "with" if queue.fair_share else "without"
        limit = f"a queue {kind} fair_share on {config.platform_of(name)} that does not use Spot"
        known = f"one of {', '.join(fitting)}" if fitting else "and there is none"
        yield Fault(at, f"{limit}, {known}", shown(other))


def _shares(names: Collection[str], at: str) -> Iterator[Fault]:
    """https://docs.aws.amazon.com/batch/latest/APIReference/API_ShareAttributes.html"""
    for group in names:
        for name in names:
            if group.endswith("*") and name != group and name.startswith(group[:-1]):
                limit = f"share identifiers that do not overlap, and {shown(group)} covers it"
                yield Fault(f"{at}.shares.{shown_name(name)}", limit, shown(name))


def _profiles(config: Config) -> Iterator[Fault]:
    for name, profile in config.profiles.items():
        queue = config.queues.get(profile.queue)
        for environment_name in queue.environments if queue else ():
            environment = config.compute_environments.get(environment_name)
            if environment:
                yield from _profile_in(profile, environment, environment_name, f"profiles.{name}")


def _profile_in(profile: Profile, environment: ComputeEnvironment, name: str, at: str) -> Iterator[Fault]:
    if profile.gpus and environment.platform == "EC2" and not environment.gpu:
        yield Fault(f"{at}.gpus", f"0 unless compute environment {name} has gpu: true", shown(profile.gpus))


def _alerts(config: Config) -> Iterator[Fault]:
    addresses = [address.lower() for address in config.alerts.emails]
    for i, address in enumerate(addresses):
        if address in addresses[:i]:
            yield Fault(f"alerts.emails[{i}]", "each address once", shown(config.alerts.emails[i]))
    if config.alerts.slack and not config.alerts.alarms_are_heard:
        limit = "only beside alerts.emails or alerts.amazon_q, because alarms do not go through a webhook"
        yield Fault("alerts.slack", limit, "neither")


def _functions(config: Config) -> Iterator[Fault]:
    for name in API_FUNCTIONS:
        timeout = getattr(config.functions, name).timeout_seconds
        if timeout > API_TIMEOUT_SECONDS:
            limit = f"at most {API_TIMEOUT_SECONDS} seconds, because the HTTP API waits no longer"
            yield Fault(f"functions.{name}.timeout_seconds", limit, shown(timeout))


def _pace(config: Config) -> Iterator[Fault]:
    """What the API and the queue of drops may submit together."""
    takers, calls = config.functions.submit_job.max_concurrency, config.api.rate_per_second
    pace = SUBMIT_JOBS_PER_CALL * calls + SUBMIT_JOBS_PER_TAKER * takers
    if pace > SUBMIT_JOBS_PER_SECOND:
        limit = (
            f"{SUBMIT_JOBS_PER_CALL} times this and {SUBMIT_JOBS_PER_TAKER} times "
            "functions.submit_job.max_concurrency together at most "
            f"{SUBMIT_JOBS_PER_SECOND}, AWS Batch's SubmitJobs a second"
        )
        yield Fault("api.rate_per_second", limit, f"{pace}, with {calls} and {takers}")


def _settings(told: Settings) -> Iterator[Fault]:
    """Lambda holds 4 KiB of settings a function, which only CloudFormation would tell. Of one function that
    has too many it is said.
    """
    for use_case in USE_CASES:
        try:
            variables(told, use_case)
        except InvalidInput as error:
            for fault in error.faults:
                section = fault.field.removeprefix(PREFIX).lower()
                yield Fault(_SECTIONS.get(section, section), f"less: {fault.allowed}", fault.found)
            return


def _architecture(instance_type: str) -> str:
    """Graviton families have a g after their generation (m7g, im4gn); a1 is the first of them."""
    family = instance_type.partition(".")[0]
    graviton = family in ("a1", "default_arm64") or re.match(r"^[a-z]+[0-9]+g", family)
    return "ARM64" if graviton else "X86_64"
