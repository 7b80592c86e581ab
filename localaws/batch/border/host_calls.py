"""The hosts of jobs in the answers of Amazon EC2 (border: imports ministack).

Everything else stays MiniStack's answer. EC2 describes a host by its id; a listing without ids leaves them
out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ministack.services import ec2

from localaws.batch.border import ecs_calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.batch.engine import Engine
    from localaws.batch.memory.hosts import Host
    from localaws.batch.model import Document

Answer = tuple[int, dict[str, str], bytes]

_END = b"</reservationSet>"


def put_in_place(engine: Engine) -> None:
    handlers = ec2._ACTION_MAP  # noqa: SLF001 - see hooks.py
    handlers["DescribeInstances"] = partial(_instances, engine, handlers["DescribeInstances"])


def _instances(engine: Engine, original: Callable[[Document], Answer], parameters: Document) -> Answer:
    region, now_ms = ecs_calls.region(engine), engine.settings.now_ms()
    wanted = ec2._parse_member_list(parameters, "InstanceId")  # noqa: SLF001
    hosts = {name: host for name in wanted if (host := region.hosts.find(name, now_ms))}
    if not hosts:
        return original(parameters)
    filters = ec2._parse_filters(parameters)  # noqa: SLF001
    items = [
        _reservation(host, region.scope.account)
        for host in hosts.values()
        if ec2._matches_filters(_record(host), filters)  # noqa: SLF001
    ]
    others = [name for name in wanted if name not in hosts]
    status, headers, body = (
        original(_naming(parameters, others))
        if others
        else ec2._xml(200, "DescribeInstancesResponse", "<reservationSet></reservationSet>")  # noqa: SLF001
    )
    return status, headers, body.replace(_END, "".join(items).encode() + _END)


def _naming(parameters: Document, names: list[str]) -> Document:
    """The same request for these instances only."""
    kept = {name: one for name, one in parameters.items() if not name.startswith("InstanceId.")}
    return {**kept, **{f"InstanceId.{number}": [name] for number, name in enumerate(names, 1)}}


def _state(host: Host) -> tuple[int, str]:
    return (16, "running") if host.terminated_ms is None else (48, "terminated")


def _record(host: Host) -> dict[str, Any]:
    """What MiniStack's filters look at."""
    return {
        "InstanceId": host.ec2_instance_id,
        "InstanceType": host.instance_type,
        "ImageId": "",
        "State": {"Name": _state(host)[1]},
    }


def _reservation(host: Host, account: str) -> str:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html: an instance on demand has no
    instanceLifecycle.
    """
    name, (code, state) = host.ec2_instance_id, _state(host)
    launched = datetime.fromtimestamp(host.launched_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    lifecycle = "<instanceLifecycle>spot</instanceLifecycle>" if host.spot else ""
    return (
        f"<item><reservationId>r-{name[2:]}</reservationId><ownerId>{account}</ownerId><groupSet/>"
        f"<instancesSet><item><instanceId>{name}</instanceId>"
        f"<instanceState><code>{code}</code><name>{state}</name></instanceState>"
        f"<instanceType>{host.instance_type}</instanceType><launchTime>{launched}</launchTime>"
        f"<placement><availabilityZone>{host.zone}</availabilityZone><tenancy>default</tenancy></placement>"
        f"{lifecycle}</item></instancesSet></item>"
    )
