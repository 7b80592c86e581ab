"""What Amazon ECS answers about clusters, container instances and tasks of jobs (border: imports ministack).

A compute environment's cluster is the engine's; every other cluster's answer stays MiniStack's.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from ministack.core import responses
from ministack.services import ecs

from localaws.batch.border import container_instances
from localaws.batch.ecs import clusters, tasks
from localaws.batch.memory.state import Region
from localaws.batch.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localaws.batch.engine import Engine
    from localaws.batch.model import Document

Answer = tuple[int, dict[str, str], bytes]
MOST_NAMED = 100
"""How many container instances, tasks or clusters a Describe call takes."""


def put_in_place(engine: Engine) -> None:
    handlers = ecs._ACTION_MAP  # noqa: SLF001 - see hooks.py
    for operation, answer in _IN_A_CLUSTER.items():
        handlers[operation] = partial(_in_a_cluster, engine, answer, handlers[operation])
    handlers["ListClusters"] = partial(_list_clusters, engine, handlers["ListClusters"])
    handlers["DescribeClusters"] = partial(_describe_clusters, engine, handlers["DescribeClusters"])


def region(engine: Engine) -> Region:
    """For reading only: ECS answers on a thread of its own."""
    scope = Scope(responses.get_account_id(), responses.get_region())
    return engine.state.regions.get(scope) or Region(scope)


def _in_a_cluster(
    engine: Engine,
    told: Callable[[Engine, Region, str, Document], Document],
    original: Callable[[Document], Answer],
    data: Document,
) -> Answer:
    """A cluster that nobody has is not found."""
    for member in ("containerInstances", "tasks"):
        if len(data.get(member, [])) > MOST_NAMED:
            text = f"{member} can have at most {MOST_NAMED} entries, found {len(data[member])}"
            return _refusal("InvalidParameterException", text)
    found, name = region(engine), ecs._resolve_cluster_name(data.get("cluster"))  # noqa: SLF001
    arn = _cluster_arn(found, name)
    if arn in clusters.arns(found):
        answer: Answer = responses.json_response(told(engine, found, arn, data))
        return answer
    if name in ecs._clusters:  # noqa: SLF001
        return original(data)
    return _refusal("ClusterNotFoundException", "Cluster not found.")


def _container_instances(engine: Engine, found: Region, cluster: str, data: Document) -> Document:
    wanted = data.get("containerInstances", [])
    return container_instances.describe(found, cluster, wanted, engine.settings.now_ms())


def _list_container_instances(_: Engine, found: Region, cluster: str, data: Document) -> Document:
    listed = data.get("status", "ACTIVE") == "ACTIVE"
    hosts = clusters.hosts(found, cluster) if listed else []
    return {"containerInstanceArns": [host.container_instance_arn for host in hosts]}


def _tasks(_: Engine, found: Region, cluster: str, data: Document) -> Document:
    return tasks.describe(found, cluster, data.get("tasks", []))


def _list_tasks(_: Engine, found: Region, cluster: str, data: Document) -> Document:
    return tasks.listing(found, cluster, data)


_IN_A_CLUSTER: Mapping[str, Callable[[Engine, Region, str, Document], Document]] = {
    "DescribeContainerInstances": _container_instances,
    "ListContainerInstances": _list_container_instances,
    "DescribeTasks": _tasks,
    "ListTasks": _list_tasks,
}


def _list_clusters(engine: Engine, original: Callable[[Document], Answer], data: Document) -> Answer:
    status, headers, body = original(data)
    listed = json.loads(body)
    listed["clusterArns"] += clusters.arns(region(engine))
    return status, headers, json.dumps(listed).encode()


def _describe_clusters(engine: Engine, original: Callable[[Document], Answer], data: Document) -> Answer:
    found, wanted = region(engine), data.get("clusters") or ["default"]
    named = {one: _cluster_arn(found, ecs._resolve_cluster_name(one)) for one in wanted}  # noqa: SLF001
    ours = [arn for arn in named.values() if arn in clusters.arns(found)]
    status, headers, body = original({**data, "clusters": [one for one in wanted if named[one] not in ours]})
    answer = json.loads(body)
    answer["clusters"] += [clusters.describe(found, arn) for arn in ours]
    return status, headers, json.dumps(answer).encode()


def _cluster_arn(found: Region, name: str) -> str:
    return f"arn:aws:ecs:{found.scope.region}:{found.scope.account}:cluster/{name}"


def _refusal(code: str, message: str) -> Answer:
    answer: Answer = responses.error_response_json(code, message, 400)
    return answer
