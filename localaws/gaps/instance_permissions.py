"""What of ECS and EC2 two calls about instances are about; MiniStack asks IAM for others.

DescribeContainerInstances is checked on the container instance, not on its cluster (on the first, where
several are named: all lie in one cluster):
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html.
DescribeInstances knows no resources, so it is checked on `*`:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html.
"""

import json
from typing import Any

from localaws.batch.container_instances import container_instance_arn
from localaws.patching import use, wrap


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
    target = headers.get("x-amz-target", "")
    if service == "ecs" and target.endswith(".DescribeContainerInstances") and (name := _first(body)):
        cluster = f"arn:aws:ecs:{region}:{account_id}:cluster/default" if arn == "*" else arn
        return container_instance_arn(cluster, name)
    return arn


def _first(body: bytes) -> str:
    """The container instance that the request names first; empty for none."""
    try:
        return str(json.loads(body)["containerInstances"][0])
    except (ValueError, LookupError, TypeError):
        return ""
