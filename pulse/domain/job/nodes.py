"""Multi-node parallel jobs: what each node runs.

The main node decides how the job ends: AWS Batch writes its times, reason and exit code into the job's own
attempts. Each node has events of its own, under the id `<job>#<node>`.
https://docs.aws.amazon.com/batch/latest/userguide/multi-node-parallel-jobs.html
"""

import re

from pulse.domain.job.container_details import containers
from pulse.domain.job.containers import Container
from pulse.domain.parsing.json_fields import Fields, fields, objects, whole

_MOST_NODES = 10_000
"""More than AWS Batch runs for one job."""
_MOST_RANGES = 100
"""More than a job definition has."""
_TARGETS = re.compile(r"(?P<first>[0-9]{0,5})(?P<colon>:?)(?P<last>[0-9]{0,5})")


def main_node(detail: Fields) -> tuple[Container, ...]:
    """Returns the containers of a job's main node; none of a job without nodes."""
    main = whole(fields(detail.get("nodeProperties")).get("mainNode"), 0, _MOST_NODES) or 0
    return _by_node(detail).get(main, ())


def all_nodes(detail: Fields) -> list[Container]:
    """Returns the containers of all nodes together."""
    return [container for of_node in _by_node(detail).values() for container in of_node]


def _by_node(detail: Fields) -> dict[int, tuple[Container, ...]]:
    """Returns each node's containers. Where ranges of nodes overlap, the narrower one counts."""
    properties = fields(detail.get("nodeProperties"))
    count = whole(properties.get("numNodes"), 1, _MOST_NODES) or 0
    ranges = [
        (_nodes(one.get("targetNodes"), count), one)
        for one in objects(properties.get("nodeRangeProperties"))[:_MOST_RANGES]
    ]
    found: dict[int, tuple[Container, ...]] = {}
    for nodes, one in sorted(ranges, key=lambda pair: -len(pair[0])):
        found |= dict.fromkeys(nodes, containers(one))
    return found


def _nodes(targets: object, count: int) -> range:
    """Returns the nodes of `0:3`, `:3`, `4:` or `2`, of `count` in all."""
    found = _TARGETS.fullmatch(targets) if isinstance(targets, str) else None
    if found is None or not (found["colon"] or found["first"]):
        return range(0)
    first = int(found["first"] or 0)
    if not found["colon"]:
        return range(first, min(first + 1, count))
    return range(first, min(int(found["last"]) + 1, count) if found["last"] else count)
