"""JobPlan: request + profile + defaults as the exact SubmitJob parameters, a value that others send."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from pulse.domain.catalogue.catalogue import Catalogue, Queue, one_of, share_faults
from pulse.domain.deployment import Site
from pulse.domain.fault import Fault, shown
from pulse.domain.job.ids import follower_id, job_name
from pulse.domain.plan import command, described_job
from pulse.domain.plan.training_faults import training_faults
from pulse.domain.request.arrays import Sweep
from pulse.domain.request.batch_limits import MAX_TAGS
from pulse.domain.request.job_request import JobRequest
from pulse.domain.request.profile import Profile
from pulse.domain.request.resources import RequestedResources, Resources, resource_faults, vcpus_text
from pulse.domain.training.definition import Training

MAX_PAYLOAD_BYTES = 30 * 1024
"""https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html: SubmitJob."""

MAX_OVERRIDES_CHARACTERS = 8192 - 1024
"""Amazon ECS starts no container whose overrides are longer than 8192, as JSON; the rest is for the variables
that AWS Batch adds (AWS_BATCH_JOB_ID and its like):
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
"""

_ANY_JOB_ID = "batch-20000101000000-00000000"
"""As long as any: the size of the parameters is checked before there is a job."""
_ANY_BATCH_JOB_ID = "00000000-0000-0000-0000-000000000000"


class Step(Struct, frozen=True, kw_only=True):
    """One SubmitJob. A step that `follows` another gets its AWS Batch job id as a dependency when sent."""

    job_id: str
    parameters: dict[str, Any]
    follows: str = ""

    @property
    def job_name(self) -> str:
        return str(self.parameters["jobName"])

    @property
    def array_size(self) -> int | None:
        size: int | None = self.parameters.get("arrayProperties", {}).get("size")
        return size

    def after(self, batch_job_id: str) -> dict[str, Any]:
        """The parameters of a follower, once the job that it follows is submitted."""
        return self.parameters | {"dependsOn": [{"jobId": batch_job_id}]} if self.follows else self.parameters


class JobPlan(Struct, frozen=True, kw_only=True):
    """`training`: the described one, None for retrodiction. `steps`: the job, and for shards and sweeps the
    one that merges or ranks what its children wrote.
    """

    job_id: str
    created_at: datetime
    request: JobRequest
    profile: str
    queue: str
    training: Training | None
    variables: tuple[str, ...]
    resources: Resources
    steps: tuple[Step, ...]


def requested_resources(request: JobRequest, profile: Profile) -> RequestedResources:
    return profile.requested_resources(
        request.vcpus, request.memory_mib, request.timeout_seconds, request.gpus
    )


def plan_faults(request: JobRequest, catalogue: Catalogue, site: Site) -> list[Fault]:
    """What the configuration refuses in a request that is valid by itself."""
    faults = training_faults(request, catalogue.trainings)
    is_planned = not faults
    profile_name = catalogue.profile_of(request)
    profile = catalogue.profiles.get(profile_name)
    if profile is None:
        faults.append(Fault("profile", one_of(catalogue.profiles), shown(profile_name)))
    if request.queue is not None and request.queue not in catalogue.queues:
        faults.append(Fault("queue", one_of(catalogue.queues), shown(request.queue)))
    faults += [
        Fault(f"tags[{name}]", f"{shown(value)}, as the configuration has it", shown(request.tags[name]))
        for name, value in catalogue.tags.items()
        if request.tags.get(name, value) != value
    ]
    if len(catalogue.tags | request.tags) > MAX_TAGS:
        total = f"{len(catalogue.tags | request.tags)} tags"
        faults.append(Fault("tags", f"at most {MAX_TAGS} tags with those of the configuration", total))
    if profile is not None and not any(fault.field == "queue" for fault in faults):
        faults += _queue_faults(request, profile, catalogue, is_planned=is_planned)
    return faults or payload_faults(_any_plan(request, catalogue, site))


def plan(  # noqa: PLR0913 - what a job is made of
    request: JobRequest,
    catalogue: Catalogue,
    site: Site,
    *,
    job_id: str,
    now: datetime,
    resources: Resources,
    depends_on: Sequence[dict[str, str]] = (),
) -> JobPlan:
    """The plan of a request without `plan_faults`. `now` is when the job was asked for, UTC; `resources` and
    `depends_on` (SubmitJob's own) are what the request's come to.
    """
    profile = catalogue.profile_of(request)
    training = catalogue.training_of(request)
    return JobPlan(
        job_id=job_id,
        created_at=now,
        request=request,
        profile=profile,
        queue=request.queue or catalogue.profiles[profile].queue,
        training=training,
        variables=() if training else command.variables(request, catalogue),
        resources=resources,
        steps=tuple(_steps(request, catalogue, site, job_id, resources, depends_on)),
    )


def payload_faults(planned: JobPlan) -> list[Fault]:
    """Names what is largest in a job that AWS Batch would not take, or Amazon ECS would not start: that is
    what to shorten.
    """
    size = max(_json_bytes(step.after(_ANY_BATCH_JOB_ID)) for step in planned.steps)
    if size <= MAX_OVERRIDES_CHARACTERS:
        return []  # No part of it is longer.
    in_container = max(_json_bytes(_overrides(step)) for step in planned.steps)
    sweep = planned.request.sweep or Sweep()
    parts = {
        "parameters": _json_bytes(planned.request.parameters),
        "variables": _json_bytes(planned.variables),
        "missing_values": _json_bytes(planned.request.missing_values or ()),
        "id_columns": _json_bytes(planned.request.id_columns or ()),
        "sweep": _json_bytes(sweep.option()),
    }
    if in_container > MAX_OVERRIDES_CHARACTERS:
        size, limit = in_container, f"a container's options of at most {MAX_OVERRIDES_CHARACTERS} bytes"
    elif size > MAX_PAYLOAD_BYTES:
        parts["tags"] = _json_bytes(planned.steps[0].parameters["tags"])
        limit = f"a job request of at most {MAX_PAYLOAD_BYTES} bytes"
    else:
        return []
    field = max(parts, key=parts.__getitem__)
    return [Fault(field, f"fewer or shorter ones: {limit}", f"{size} bytes, most of them in {field}")]


def _overrides(step: Step) -> object:
    """What Amazon ECS is handed of a step."""
    return step.parameters.get("containerOverrides") or step.parameters["ecsPropertiesOverride"]


def _json_bytes(value: object) -> int:
    """As botocore sends it: everything outside ASCII as an escape of six characters."""
    return len(json.dumps(value))


def _any_plan(request: JobRequest, catalogue: Catalogue, site: Site) -> JobPlan:
    """A plan as large as any of this request."""
    waits = [{"jobId": _ANY_BATCH_JOB_ID, "type": "SEQUENTIAL"}] * len(request.depends_on)
    return plan(
        request,
        catalogue,
        site,
        job_id=_ANY_JOB_ID,
        now=datetime(2000, 1, 1, tzinfo=UTC),
        resources=Resources(vcpus=1, memory_mib=2048, gpus=0, timeout_seconds=60),
        depends_on=waits,
    )


def _steps(  # noqa: PLR0913, PLR0917 - see plan
    request: JobRequest,
    catalogue: Catalogue,
    site: Site,
    job_id: str,
    resources: Resources,
    depends_on: Sequence[dict[str, str]],
) -> list[Step]:
    def step(step_id: str, *, follows: str = "") -> Step:
        parameters = _parameters(request, catalogue, site, step_id, resources, follows=follows)
        return Step(job_id=step_id, parameters=parameters, follows=follows)

    first = step(job_id)
    if depends_on:
        first.parameters["dependsOn"] = [*depends_on]
    if not request.array_size:
        return [first]
    first.parameters["arrayProperties"] = {"size": request.array_size}
    return [first, step(follower_id(job_id, "rank" if request.sweep else "merge"), follows=job_id)]


def _parameters(  # noqa: PLR0913 - see plan
    request: JobRequest,
    catalogue: Catalogue,
    site: Site,
    job_id: str,
    resources: Resources,
    *,
    follows: str,
) -> dict[str, Any]:
    """SubmitJob's. `follows`: the id of the array whose results this job merges or ranks; empty for none."""
    profile = catalogue.profiles[catalogue.profile_of(request)]
    queue = catalogue.queues[request.queue or profile.queue]
    parameters: dict[str, Any] = {
        "jobName": job_name(_name_prefix(request, catalogue), job_id),
        "jobQueue": queue.arn,
        **_containers(request, catalogue, site, job_id, resources, queue, follows),
        "retryStrategy": catalogue.retry_policy.strategy(request.attempts or profile.attempts),
        "timeout": {"attemptDurationSeconds": resources.timeout_seconds},
        "tags": request.tags | catalogue.tags,
        "propagateTags": True,
    }
    if request.share_identifier:
        parameters["shareIdentifier"] = request.share_identifier
    if request.scheduling_priority is not None:
        parameters["schedulingPriorityOverride"] = request.scheduling_priority
    return parameters


def _name_prefix(request: JobRequest, catalogue: Catalogue) -> str:
    training = catalogue.training_of(request)
    usual = f"pulse-{training.name}" if training else catalogue.request_defaults.job_name_prefix
    return request.job_name_prefix or usual


def _containers(  # noqa: PLR0913, PLR0917 - see plan
    request: JobRequest,
    catalogue: Catalogue,
    site: Site,
    job_id: str,
    resources: Resources,
    queue: Queue,
    follows: str,
) -> dict[str, Any]:
    """The job definition, and what its containers get."""
    if training := catalogue.training_of(request):
        return {
            "jobDefinition": catalogue.training_definitions[training.name][queue.platform],
            "ecsPropertiesOverride": described_job.overrides(
                request,
                training,
                catalogue,
                site,
                job_id,
                resources=resources,
                platform=queue.platform,
                ranks=follows,
            ),
        }
    words = command.command(request, catalogue, site)
    if follows:
        words += command.follower_options(request, follows)
    elif request.array_size:
        words += command.child_options(request)
    return {
        "jobDefinition": queue.job_definition or site.job_definition,
        "containerOverrides": {
            "command": words,
            "environment": command.environment(request, catalogue, site, job_id),
            "resourceRequirements": _requirements(resources),
        },
    }


def _requirements(resources: Resources) -> list[dict[str, str]]:
    amounts = {"VCPU": vcpus_text(resources.vcpus), "MEMORY": str(resources.memory_mib)}
    if resources.gpus:
        amounts["GPU"] = str(resources.gpus)
    return [{"type": kind, "value": value} for kind, value in amounts.items()]


def _queue_faults(
    request: JobRequest, profile: Profile, catalogue: Catalogue, *, is_planned: bool
) -> list[Fault]:
    """`is_planned`: the training is known."""
    queue = catalogue.queues[request.queue or profile.queue]
    faults = share_faults(request.share_identifier, queue)
    training = catalogue.training_of(request) if is_planned else None
    if training and queue.platform not in catalogue.training_definitions.get(training.name, {}):
        limit = f"a queue on which the training {training.name} can run"
        faults.append(Fault("queue", limit, f"{shown(request.queue or profile.queue)} on {queue.platform}"))
    if request.scheduling_priority is not None and not queue.fair_share:
        faults.append(
            Fault("scheduling_priority", "nothing on a FIFO queue", shown(request.scheduling_priority))
        )
    wanted = requested_resources(request, profile)
    if training:
        faults += described_job.size_faults(wanted, training, queue.platform)
    return faults + resource_faults(
        vcpus=wanted.vcpus,
        memory_mib=wanted.memory_mib,
        gpus=wanted.gpus,
        platform=queue.platform,
        max_vcpus=queue.max_vcpus,
        max_memory_mib=queue.max_memory_mib,
    )
