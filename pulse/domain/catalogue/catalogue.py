"""What the configuration offers to a request: queues, profiles, triggers, defaults, tags and retry rules.

The infrastructure checks it before synth does anything, the functions plan with it.
"""

from msgspec import Struct

from pulse.domain.catalogue.retry_policy import RetryPolicy
from pulse.domain.catalogue.trigger import Trigger, order_faults
from pulse.domain.fault import Fault, shown
from pulse.domain.request.batch_limits import MAX_TAGS, CpuArchitecture, Platform, Tags
from pulse.domain.request.defaults import RequestDefaults
from pulse.domain.request.job_request import JobRequest
from pulse.domain.request.profile import Profile
from pulse.domain.request.resources import resource_faults
from pulse.domain.s3.table_names import Suffixes
from pulse.domain.training.definition import Training


class Queue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`job_definition` is the ARN, with revision, of the definition for this queue's platform; empty: the
    definition of the settings. A fair-share queue needs a share identifier and a FIFO queue refuses one.
    `max_vcpus`, `max_memory_mib`: what the largest of its compute environments, and on EC2 of its instance
    types, can ever give one job; None: not known.
    `spot`: Spot capacity is tried first; `on_demand_queue`: in which queue a job is submitted once more whose
    last attempt lost it, empty for none. `instance_types`: types and families of EC2 on which its jobs run.
    """

    arn: str
    platform: Platform = "FARGATE"
    fair_share: bool = False
    job_definition: str = ""
    max_vcpus: float | None = None
    max_memory_mib: int | None = None
    spot: bool = False
    on_demand_queue: str = ""
    instance_types: tuple[str, ...] = ()


class Catalogue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`trainings`: those that requests can name beside retrodiction; `training_definitions`: the names
    of their job definitions, by training and platform. `table_suffixes`: how the names of data sets end, in
    lower case. `ephemeral_gib`: the scratch space of a container; None: what costs nothing.
    """

    queues: dict[str, Queue]
    profiles: dict[str, Profile]
    request_defaults: RequestDefaults
    trainings: dict[str, Training] = {}
    training_definitions: dict[str, dict[Platform, str]] = {}
    triggers: tuple[Trigger, ...] = ()
    table_suffixes: Suffixes = ()
    retry_policy: RetryPolicy = RetryPolicy()
    tags: Tags = {}
    cpu_architecture: CpuArchitecture = "X86_64"
    ephemeral_gib: int | None = None

    def suffixes_of(self, training: str | None) -> Suffixes:
        """How the names of a training's data sets end; None: of retrodiction's."""
        described = self.trainings.get(training or "")
        return (described.suffixes if described else ()) or self.table_suffixes

    def training_of(self, request: JobRequest) -> Training | None:
        """The described training that a request names; None for retrodiction."""
        return self.trainings.get(request.training or "")

    def profile_of(self, request: JobRequest) -> str:
        """The name of the profile that a request gets: its own, its training's or the usual one."""
        training = self.training_of(request)
        return request.profile or (training and training.profile) or self.request_defaults.profile

    def faults(self) -> list[Fault]:
        """The rules between its parts; paths are those of the configuration."""
        faults = [f for name, profile in self.profiles.items() for f in self._profile_faults(name, profile)]
        named = [("request_defaults.profile", self.request_defaults.profile)]
        named += [(f"triggers[{i}].profile", trigger.profile) for i, trigger in enumerate(self.triggers)]
        named += [
            (f"trainings.{name}.profile", one.profile) for name, one in self.trainings.items() if one.profile
        ]
        faults += [
            Fault(path, one_of(self.profiles), shown(profile))
            for path, profile in named
            if profile not in self.profiles
        ]
        faults += [
            fault.below(f"triggers[{i}]")
            for i, trigger in enumerate(self.triggers)
            if (profile := self.profiles.get(trigger.profile)) and profile.queue in self.queues
            for fault in share_faults(trigger.share_identifier, self.queues[profile.queue])
        ]
        faults += order_faults(self.triggers)
        if len(self.tags) > MAX_TAGS:
            faults.append(Fault("tags", f"at most {MAX_TAGS} tags", f"{len(self.tags)} tags"))
        return faults

    def _profile_faults(self, name: str, profile: Profile) -> list[Fault]:
        at = f"profiles.{name}"
        if profile.queue not in self.queues:
            return [Fault(f"{at}.queue", one_of(self.queues), shown(profile.queue))]
        return resource_faults(
            vcpus=profile.vcpus,
            memory_mib=profile.memory_mib,
            gpus=profile.gpus,
            platform=self.queues[profile.queue].platform,
            max_vcpus=self.queues[profile.queue].max_vcpus,
            max_memory_mib=self.queues[profile.queue].max_memory_mib,
            at=at,
        )


def share_faults(share_identifier: str | None, queue: Queue) -> list[Fault]:
    """A fair-share queue needs a share identifier, a FIFO queue refuses one."""
    if queue.fair_share and not share_identifier:
        return [Fault("share_identifier", "1 to 255 letters and digits on a fair-share queue", "nothing")]
    if share_identifier and not queue.fair_share:
        return [Fault("share_identifier", "nothing on a FIFO queue", shown(share_identifier))]
    return []


def one_of(names: dict[str, object] | dict[str, Queue] | dict[str, Profile]) -> str:
    return "one of " + ", ".join(sorted(names))
