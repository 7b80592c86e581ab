"""The EC2 instances that jobs run on, on compute environments of type EC2 and SPOT.

Each attempt has an instance of its own, which is launched and terminated with it; on AWS several jobs may
share one, and it stays for a while. A container instance is such an instance as Amazon ECS knows it; the id
of the one follows from that of the other.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from localaws.batch.memory.state import Job

KEPT_MS = 3_600_000
"""A terminated instance is still described for about an hour:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
"""


@dataclass
class Host:
    """`instance_type` as in `m5.large`, `zone` as in `us-east-1a`. Times are milliseconds since 1970, UTC."""

    container_instance_arn: str
    instance_type: str
    zone: str
    spot: bool
    launched_ms: int
    terminated_ms: int | None = None

    @property
    def ec2_instance_id(self) -> str:
        return ec2_instance_id(self.container_instance_arn)


class Hosts:
    """The hosts of a region. A terminated one is forgotten after KEPT_MS."""

    def __init__(self, hosts: Iterable[Host] = ()) -> None:
        self._by_id = {host.ec2_instance_id: host for host in hosts}
        ended = ((host.terminated_ms, name) for name, host in self._by_id.items())
        self._terminated = deque(sorted((when, name) for when, name in ended if when is not None))

    def __iter__(self) -> Iterator[Host]:
        return iter(self._by_id.values())

    def add(self, host: Host) -> None:
        while self._terminated and self._terminated[0][0] < host.launched_ms - KEPT_MS:
            del self._by_id[self._terminated.popleft()[1]]
        self._by_id[host.ec2_instance_id] = host

    def terminate_of(self, job: Job, now_ms: int) -> None:
        """The job's attempt has ended, and with it its host, if it had one."""
        name = ec2_instance_id(job.task.get("containerInstanceArn", ""))
        if name in self._by_id:
            self._by_id[name].terminated_ms = now_ms
            self._terminated.append((now_ms, name))

    def find(self, name: str, now_ms: int) -> Host | None:
        """The host of this EC2 instance id, None when there is none or it was terminated too long ago."""
        host = self._by_id.get(name)
        forgotten = host and host.terminated_ms is not None and host.terminated_ms < now_ms - KEPT_MS
        return None if forgotten else host


def ec2_instance_id(container_instance: str) -> str:
    """`i-` and the first 17 digits of the container instance's id, which is given alone or in its ARN."""
    return f"i-{container_instance.rpartition('/')[2][:17]}"
