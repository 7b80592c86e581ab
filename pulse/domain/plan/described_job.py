"""What a job of a described training gets from its request: the overrides of its containers.

Its job definition (infra/constructs/described_training.py) has one container, `main`, and where the training
works on a folder a second one, `data`, which moves its data. docs/your-own-training.md is the contract.
"""

import json
from collections.abc import Mapping
from typing import Any

from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.deployment import Site
from pulse.domain.fault import Fault
from pulse.domain.job.event import JOB_ID_VARIABLE, RESULTS_BUCKET_VARIABLE
from pulse.domain.plan.shared_folder import CHECKPOINTS, DATA, FOLDER, FOLDER_VARIABLE, RESULTS, SCRIPT
from pulse.domain.request.batch_limits import Platform
from pulse.domain.request.job_request import JobRequest
from pulse.domain.request.parameters import Value
from pulse.domain.request.resources import RequestedResources, Resources, vcpus_text
from pulse.domain.s3.layout import checkpoints_prefix, name_of, results_prefix, s3_uri
from pulse.domain.training.definition import PLACEHOLDER, Training
from pulse.domain.training.parameters import text_of, values_of

MAIN, DATA_CONTAINER = "main", "data"
_DATA_VCPUS: dict[Platform, float] = {"FARGATE": 0.25, "EC2": 1}
"""On EC2 a container has at least one."""
_DATA_MEMORY_MIB = 512


def overrides(  # noqa: PLR0913 - what a job is made of
    request: JobRequest,
    training: Training,
    catalogue: Catalogue,
    site: Site,
    job_id: str,
    *,
    resources: Resources,
    platform: Platform,
    ranks: str = "",
) -> dict[str, Any]:
    """SubmitJob's ecsPropertiesOverride. `ranks`: the id of the sweep that this job ranks; empty for any
    other job.
    """
    # A swept parameter has no value here: each child gets its own in the container.
    swept = request.sweep.parameters if request.sweep else {}
    fixed = {name: one for name, one in training.parameters.items() if name not in swept}
    values, where = values_of(fixed, request.parameters), places(request, training, site, job_id)
    variables = _variables(request, training, catalogue, site, job_id, values, where)
    words = ["true"] if ranks else command(training, values, where)
    main = {
        "name": MAIN,
        "command": ["/bin/sh", "-c", SCRIPT, "pulse", *words] if training.has_folder else words,
        "environment": _pairs(variables),
        "resourceRequirements": needs_of_main(resources, training, platform),
    }
    if not training.has_folder:
        return {"taskProperties": [{"containers": [main]}]}
    data = {
        "name": DATA_CONTAINER,
        "environment": _pairs(variables | _tasks(request, training, ranks)),
        "resourceRequirements": needs_of_data(platform),
    }
    return {"taskProperties": [{"containers": [main, data]}]}


def command(training: Training, values: Mapping[str, Value], where: Mapping[str, str]) -> list[str]:
    """The words of a training's command with its placeholders filled. A value stays within its word."""
    known = {name: text_of(value) for name, value in values.items()} | dict(where)
    return [PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), word) for word in training.command]


def places(request: JobRequest, training: Training, site: Site, job_id: str) -> dict[str, str]:
    """Where a training finds its data and leaves its results: paths, or S3 URIs if it works on those."""
    if training.has_folder:
        return {"data": _data_path(request), "results": RESULTS, "checkpoints": CHECKPOINTS}
    data = s3_uri(site.data_bucket, request.dataset) if request.dataset else ""
    return {
        "data": data,
        "results": s3_uri(site.results_bucket, results_prefix(job_id)),
        "checkpoints": s3_uri(site.results_bucket, checkpoints_prefix(job_id)),
    }


def needs_of_main(resources: Resources, training: Training, platform: Platform) -> list[dict[str, str]]:
    """What is left for the program, as AWS Batch's resourceRequirements."""
    vcpus, memory_mib = resources.vcpus, resources.memory_mib
    if training.has_folder:
        vcpus, memory_mib = vcpus - _DATA_VCPUS[platform], memory_mib - _DATA_MEMORY_MIB
    amounts = {"VCPU": vcpus_text(vcpus), "MEMORY": str(memory_mib)}
    if resources.gpus:
        amounts["GPU"] = str(resources.gpus)
    return [{"type": kind, "value": value} for kind, value in amounts.items()]


def needs_of_data(platform: Platform) -> list[dict[str, str]]:
    """What moves the data, as AWS Batch's resourceRequirements."""
    amounts = {"VCPU": vcpus_text(_DATA_VCPUS[platform]), "MEMORY": str(_DATA_MEMORY_MIB)}
    return [{"type": kind, "value": value} for kind, value in amounts.items()]


def size_faults(wanted: RequestedResources, training: Training, platform: Platform) -> list[Fault]:
    """What makes a job too small to spare what the container takes that moves its data, or is `auto`, which
    is sized from tables and earlier runs of retrodiction.
    """
    amounts = {name: getattr(wanted, name) for name in ("vcpus", "memory_mib", "timeout_seconds")}
    faults = [
        Fault(name, f"a number for the training {training.name}", "auto")
        for name, amount in amounts.items()
        if amount == "auto"
    ]
    if not training.has_folder:
        return faults
    spared = {"vcpus": _DATA_VCPUS[platform], "memory_mib": _DATA_MEMORY_MIB}
    for name, spare in spared.items():
        amount = amounts[name]
        if amount != "auto" and amount < 2 * spare:
            limit = f"at least {2 * spare:g} for the training {training.name}: {spare:g} of it move its data"
            faults.append(Fault(name, limit, f"{amount:g}"))
    return faults


def _variables(  # noqa: PLR0913, PLR0917 - what a job is made of
    request: JobRequest,
    training: Training,
    catalogue: Catalogue,
    site: Site,
    job_id: str,
    values: Mapping[str, Value],
    where: Mapping[str, str],
) -> dict[str, str]:
    """Those that every container of the job has."""
    known = {
        "S3_DATA_BUCKET": site.data_bucket,
        RESULTS_BUCKET_VARIABLE: site.results_bucket,
        "LOG_LEVEL": request.log_level or catalogue.request_defaults.log_level,
        JOB_ID_VARIABLE: job_id,
        "PULSE_TRAINING": training.name,
        "PULSE_PARAMETERS": _json(values),
        "PULSE_DATASET": request.dataset or "",
        "PULSE_DATASET_VERSION_ID": request.dataset_version_id or "",
        "PULSE_RESULTS_PREFIX": results_prefix(job_id),
    }
    if training.has_folder:
        known[FOLDER_VARIABLE] = FOLDER
    known |= {f"PULSE_{name.upper()}": place for name, place in where.items()}
    return {name: value for name, value in known.items() if value}


def _tasks(request: JobRequest, training: Training, ranks: str) -> dict[str, str]:
    """What makes the data container that of a sweep's child, or of the job that ranks a sweep."""
    if not request.sweep or training.metrics is None:
        return {}
    if ranks:
        by = training.metrics.headline[0]
        rank = {"file": training.metrics.file, "by": by, "better": training.metrics.better[by]}
        return {
            "PULSE_TASK": "rank",
            "PULSE_RESULTS_OF": ranks,
            "PULSE_RANK": _json(rank),
            "PULSE_SWEEP": request.sweep.option(),
        }
    return {"PULSE_SWEEP": request.sweep.option(), "PULSE_COMMAND": _json(training.command)}


def _data_path(request: JobRequest) -> str:
    """Of a data set that is one object its file; of a folder the folder."""
    return f"{DATA}/{name_of(request.dataset)}".rstrip("/") if request.dataset else DATA


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
