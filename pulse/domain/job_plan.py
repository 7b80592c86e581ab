"""JobPlan: request + profile + defaults as the exact SubmitJob parameters, a value that others send.

Command and environment are the contract of the training container, unchanged since the script that this
system replaces, plus `--dataset-key`, `--dataset-version-id` and, where it differs from the container's own,
`--success-criterion`.
"""

import json
from datetime import date, datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from pulse.domain.batch_limits import MAX_TAGS
from pulse.domain.catalogue import Catalogue, Queue, one_of, share_faults
from pulse.domain.fault import Fault, shown
from pulse.domain.job_event import JOB_ID_VARIABLE, RESULTS_BUCKET_VARIABLE
from pulse.domain.job_id import job_name
from pulse.domain.job_request import JobRequest
from pulse.domain.profile import Profile
from pulse.domain.request_defaults import CONTAINER_CRITERION
from pulse.domain.resources import resource_faults, vcpus_text

COMMAND = ("python", "-m", "recursive_training.run_training")
"""The container's program; options follow."""
MAX_PAYLOAD_BYTES = 30 * 1024
"""https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html: SubmitJob."""

_ANY_JOB_ID = "batch-20000101000000-00000000"
"""As long as any: the size of the parameters is checked before there is a job."""


class Site(Struct, frozen=True, kw_only=True):
    """Where this deployment's jobs read, write and run."""

    data_bucket: str
    results_bucket: str
    job_definition: str


class JobPlan(Struct, frozen=True, kw_only=True):
    """`parameters` are SubmitJob's own; the rest is what the ledger and people want to know about them."""

    job_id: str
    created_at: datetime
    request: JobRequest
    profile: str
    queue: str
    variables: tuple[str, ...]
    parameters: dict[str, Any]

    @property
    def job_name(self) -> str:
        return str(self.parameters["jobName"])


def plan_faults(request: JobRequest, catalogue: Catalogue, site: Site) -> list[Fault]:
    """What the configuration refuses in a request that is valid by itself."""
    faults = []
    profile_name = request.profile or catalogue.request_defaults.profile
    profile = catalogue.profiles.get(profile_name)
    if profile is None:
        faults.append(Fault("profile", one_of(catalogue.profiles), shown(profile_name)))
    if request.queue is not None and request.queue not in catalogue.queues:
        faults.append(Fault("queue", one_of(catalogue.queues), shown(request.queue)))
    if len(catalogue.tags | request.tags) > MAX_TAGS:
        total = f"{len(catalogue.tags | request.tags)} tags"
        faults.append(Fault("tags", f"at most {MAX_TAGS} tags with those of the configuration", total))
    if profile is not None and not any(fault.field == "queue" for fault in faults):
        queue = catalogue.queues[request.queue or profile.queue]
        faults += _queue_faults(request, profile, queue)
    return faults or _payload_faults(_parameters(request, catalogue, site, _ANY_JOB_ID))


def plan(request: JobRequest, catalogue: Catalogue, site: Site, *, job_id: str, now: datetime) -> JobPlan:
    """The plan of a request without `plan_faults`. `now` is when the job was asked for, UTC."""
    profile = request.profile or catalogue.request_defaults.profile
    return JobPlan(
        job_id=job_id,
        created_at=now,
        request=request,
        profile=profile,
        queue=request.queue or catalogue.profiles[profile].queue,
        variables=_variables(request, catalogue),
        parameters=_parameters(request, catalogue, site, job_id),
    )


def _parameters(request: JobRequest, catalogue: Catalogue, site: Site, job_id: str) -> dict[str, Any]:
    defaults = catalogue.request_defaults
    profile = catalogue.profiles[request.profile or defaults.profile]
    queue = catalogue.queues[request.queue or profile.queue]
    vcpus, memory_mib = request.vcpus or profile.vcpus, request.memory_mib or profile.memory_mib
    parameters: dict[str, Any] = {
        "jobName": job_name(request.job_name_prefix or defaults.job_name_prefix, job_id),
        "jobQueue": queue.arn,
        "jobDefinition": queue.job_definition or site.job_definition,
        "containerOverrides": {
            "command": _command(request, catalogue, site),
            "environment": _environment(request, catalogue, site, job_id),
            "resourceRequirements": _requirements(vcpus, memory_mib, profile.gpus, queue),
        },
        "retryStrategy": catalogue.retry_policy.strategy(request.attempts or profile.attempts),
        "timeout": {"attemptDurationSeconds": request.timeout_seconds or profile.timeout_seconds},
        "tags": catalogue.tags | request.tags,
        "propagateTags": True,
    }
    if request.share_identifier:
        parameters["shareIdentifier"] = request.share_identifier
    return parameters


def _payload_faults(parameters: dict[str, Any]) -> list[Fault]:
    """Names what is largest, because that is what to shorten."""
    size = _json_bytes(parameters)
    if size <= MAX_PAYLOAD_BYTES:
        return []
    command, tags = parameters["containerOverrides"]["command"], parameters["tags"]
    field = "tags" if _json_bytes(tags) > _json_bytes(command) else "variables"
    limit = f"fewer or shorter ones: a job request of at most {MAX_PAYLOAD_BYTES} bytes"
    return [Fault(field, limit, f"{size} bytes, most of them in {field}")]


def _json_bytes(value: object) -> int:
    """As botocore sends it: everything outside ASCII as an escape of six characters."""
    return len(json.dumps(value))


def _queue_faults(request: JobRequest, profile: Profile, queue: Queue) -> list[Fault]:
    return share_faults(request.share_identifier, queue) + resource_faults(
        vcpus=request.vcpus or profile.vcpus,
        memory_mib=request.memory_mib or profile.memory_mib,
        gpus=profile.gpus,
        platform=queue.platform,
        max_vcpus=queue.max_vcpus,
    )


def _command(request: JobRequest, catalogue: Catalogue, site: Site) -> list[str]:
    defaults = catalogue.request_defaults
    command = [*COMMAND]
    if variables := _variables(request, catalogue):
        command += ["--variables", *variables]
    command += ["--batch-size-days", str(request.batch_size_days or defaults.batch_size_days)]
    if start := _either(request.start_date, defaults.start_date):
        command += ["--start-date", start.isoformat()]
    if end := _either(request.end_date, defaults.end_date):
        command += ["--end-date", end.isoformat()]
    command += ["--s3-data-bucket", site.data_bucket, "--s3-results-bucket", site.results_bucket]
    if _use_dask(request, catalogue):
        command.append("--use-dask")
    criterion = request.success_criterion or defaults.success_criterion
    if criterion != CONTAINER_CRITERION:
        command += ["--success-criterion", criterion]
    if request.dataset:
        command += ["--dataset-key", request.dataset]
    if request.dataset_version_id:
        # One word, because a version id may begin with a hyphen.
        command += [f"--dataset-version-id={request.dataset_version_id}"]
    return command


def _environment(request: JobRequest, catalogue: Catalogue, site: Site, job_id: str) -> list[dict[str, str]]:
    defaults = catalogue.request_defaults
    environment = {
        "S3_DATA_BUCKET": site.data_bucket,
        RESULTS_BUCKET_VARIABLE: site.results_bucket,
        "LOG_LEVEL": request.log_level or defaults.log_level,
        # Also when they say no, because the job definition may say something else.
        "USE_DASK": "true" if _use_dask(request, catalogue) else "false",
        "DASK_THREADS": str(request.dask_threads or defaults.dask_threads),
        JOB_ID_VARIABLE: job_id,
    }
    return [{"name": name, "value": value} for name, value in environment.items()]


def _requirements(vcpus: float, memory_mib: int, gpus: int, queue: Queue) -> list[dict[str, str]]:
    amounts = {"VCPU": vcpus_text(vcpus), "MEMORY": str(memory_mib)}
    if gpus and queue.platform == "EC2":
        amounts["GPU"] = str(gpus)
    return [{"type": kind, "value": value} for kind, value in amounts.items()]


def _variables(request: JobRequest, catalogue: Catalogue) -> tuple[str, ...]:
    return catalogue.request_defaults.variables if request.variables is None else request.variables


def _use_dask(request: JobRequest, catalogue: Catalogue) -> bool:
    return catalogue.request_defaults.use_dask if request.use_dask is None else request.use_dask


def _either(asked: date | UnsetType | None, default: date | None) -> date | None:
    return default if asked is UNSET else asked
