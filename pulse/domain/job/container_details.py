"""Reads the containers of a job and of its attempts, whatever AWS Batch runs them on.

| the job has | its containers are described in | how they ended is in |
| --- | --- | --- |
| one container | `container` | the same, `attempts[].container` |
| several on Amazon ECS | `ecsProperties.taskProperties[]` | the same, `attempts[].taskProperties[]` |
| several nodes (nodes.py) | `nodeProperties.nodeRangeProperties[]` | `attempts[]`, of the main node |
| a pod on Amazon EKS | `eksProperties.podProperties` | the same, `eksAttempts[]` |

https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import structs

from pulse.domain.job.containers import Container, deciding
from pulse.domain.parsing.json_fields import Fields, amount, fields, objects, text, texts, whole

_LOG_GROUP_OPTION = "awslogs-group"
_LONGEST_CLUSTER = 255
_LOG_DRIVER = "awslogs"
DEFAULT_LOG_GROUP = "/aws/batch/job"
"""Where a container on Amazon ECS logs that has no log configuration:
https://docs.aws.amazon.com/batch/latest/userguide/using_awslogs.html
"""
_COMPLETED = "Completed"
"""Kubernetes' reason for a container that ended well."""
_EXIT_CODES = (-(2**31), 2**32 - 1)
"""A process on Windows may end with any 32 bits."""
_MOST_VCPUS, _MOST_MEMORY_MIB, _MOST_GPUS = 10_000, 100_000_000, 1_000
"""No instance of Amazon EC2 comes near them; a container with more is misread."""
_MEMORY = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>[MG])i")
_MIB = {"M": 1, "G": 1024}


def containers(owner: Fields) -> tuple[Container, ...]:
    """Returns the containers of a job or of a range of nodes, in their order; init containers come first."""
    tasks = objects(fields(owner.get("ecsProperties")).get("taskProperties"))
    if several := _of_tasks(tasks):
        return several
    pod = fields(fields(owner.get("eksProperties")).get("podProperties"))
    return _of_pod(pod) or only(owner)


def only(owner: Fields) -> tuple[Container, ...]:
    """Returns the container of a job with a single one; AWS Batch leaves the field empty for other jobs."""
    container = fields(owner.get("container"))
    return (_on_ecs(container, container),) if container else ()


def ended_containers(attempt: Fields, of_job: Sequence[Container]) -> tuple[Container, ...]:
    """Returns how the containers of a finished attempt ended. What else is known of them, such as which are
    essential, comes from the containers of the job.
    """
    found = _of_tasks(objects(attempt.get("taskProperties"))) or _of_pod(attempt) or only(attempt)
    if len(found) == len(of_job) == 1:
        return (_with_end(of_job[0], found[0]),)
    described = {(container.name, container.is_init): container for container in of_job}
    return tuple(_with_end(described.get((end.name, end.is_init), end), end) for end in found)


def deciding_container(of_job: Sequence[Container], last_attempt: Fields, *, is_single: bool) -> Container:
    """Returns the container that decides how a job ends. `last_attempt` is that of a job that has ended: only
    there is the end of a main node. `is_single`: the job has one container, whose end is in `container`.
    """
    if is_single or any(container.has_ended for container in of_job):
        return deciding(of_job)
    return deciding(ended_containers(last_attempt, of_job) or of_job)


def _with_end(container: Container, end: Container) -> Container:
    return structs.replace(
        container,
        exit_code=end.exit_code,
        reason=end.reason,
        log_stream=end.log_stream,
        container_instance=end.container_instance,
        cluster=end.cluster,
    )


def _of_tasks(tasks: Iterable[Fields]) -> tuple[Container, ...]:
    return tuple(_on_ecs(one, task) for task in tasks for one in objects(task.get("containers")))


def _of_pod(pod: Fields) -> tuple[Container, ...]:
    return (
        *(_on_eks(one, is_init=True) for one in objects(pod.get("initContainers"))),
        *(_on_eks(one) for one in objects(pod.get("containers"))),
    )


def _on_ecs(container: Fields, task: Fields) -> Container:
    """`task`: what knows on which container instance and in which cluster it runs; a single container knows
    that itself.
    """
    needs = {text(n.get("type")): n.get("value") for n in objects(container.get("resourceRequirements"))}
    return Container(
        name=text(container.get("name")),
        is_essential=container.get("essential") is not False,
        command=texts(container.get("command")),
        environment=_variables(container.get("environment")),
        vcpus=amount(needs.get("VCPU", container.get("vcpus")), _MOST_VCPUS),
        memory_mib=whole(needs.get("MEMORY", container.get("memory")), 1, _MOST_MEMORY_MIB),
        gpus=whole(needs.get("GPU"), 0, _MOST_GPUS) or 0,
        exit_code=whole(container.get("exitCode"), *_EXIT_CODES),
        reason=text(container.get("reason")),
        log_group=_log_group(fields(container.get("logConfiguration"))),
        log_stream=text(container.get("logStreamName")),
        container_instance=text(task.get("containerInstanceArn")),
        cluster=text(task.get("taskArn")).partition(":task/")[2].partition("/")[0][:_LONGEST_CLUSTER],
    )


def _log_group(configuration: Fields) -> str:
    """Empty for another log driver: what it writes to is not CloudWatch Logs."""
    if configuration.get("logDriver", _LOG_DRIVER) != _LOG_DRIVER:
        return ""
    return text(fields(configuration.get("options")).get(_LOG_GROUP_OPTION)) or DEFAULT_LOG_GROUP


def _on_eks(container: Fields, *, is_init: bool = False) -> Container:
    """A pod is placed by what it requests; where that is missing, Kubernetes takes the limit."""
    resources = fields(container.get("resources"))
    needs = fields(resources.get("limits")) | fields(resources.get("requests"))
    reason = text(container.get("reason"))
    return Container(
        name=text(container.get("name")),
        is_on_eks=True,
        is_init=is_init,
        command=(*texts(container.get("command")), *texts(container.get("args"))),
        environment=_variables(container.get("env")),
        vcpus=amount(needs.get("cpu"), _MOST_VCPUS),
        memory_mib=_memory_mib(text(needs.get("memory"))),
        gpus=whole(needs.get("nvidia.com/gpu"), 0, _MOST_GPUS) or 0,
        exit_code=whole(container.get("exitCode"), *_EXIT_CODES),
        reason="" if reason == _COMPLETED else reason,
    )


def _memory_mib(written: str) -> int | None:
    """`1024Mi`, as AWS Batch wants it, or `1Gi`."""
    found = _MEMORY.fullmatch(written)
    return whole(int(found["number"]) * _MIB[found["unit"]], 1, _MOST_MEMORY_MIB) if found else None


def _variables(pairs: object) -> dict[str, str]:
    return {text(pair.get("name")): text(pair.get("value")) for pair in objects(pairs)}
