"""What three calls of ECS and EC2 are about; MiniStack asks IAM for other resources.

DescribeContainerInstances and DescribeTasks are checked on the container instance or task, not on its cluster
(on the first, where several are named: all lie in one cluster):
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html.
DescribeInstances knows no resources, so it is checked on `*`:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html.
"""

import json
from typing import Any

from localaws.ministack.patching import use, wrap


def install() -> None:
    wrap("core.iam_actions.extract_resource_arn", _of_instances)


def _of_instances(  # noqa: PLR0913, PLR0917 - MiniStack's parameters
    original: Any,
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, Any],
    region: str,
    account_id: str,
) -> Any:
    if service == "ec2" and use("services.ec2._p")(query_params, "Action") == "DescribeInstances":
        return "*"
    arn = original(service, method, path, headers, body, query_params, region, account_id)
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if service == "ecs" and operation in _NAMED and (name := _first(body, _NAMED[operation][0])):
        cluster = f"arn:aws:ecs:{region}:{account_id}:cluster/default" if arn == "*" else arn
        return f"{cluster.replace(':cluster/', _NAMED[operation][1])}/{name.rpartition('/')[2]}"
    return arn


_NAMED = {
    "DescribeContainerInstances": ("containerInstances", ":container-instance/"),
    "DescribeTasks": ("tasks", ":task/"),
}
"""The member of the request that names resources, and their kind in an ARN."""


def _first(body: bytes, member: str) -> str:
    """What the member names first; empty for none."""
    try:
        return str(json.loads(body)[member][0])
    except (ValueError, LookupError, TypeError):
        return ""
