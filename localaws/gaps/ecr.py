"""Three answers of ECR on which the publishing of images depends.

DescribeImages of a missing image is an error on AWS; an empty list makes the CLI believe that the image is
published, and it never builds it. And DescribeRepositories is checked against the repositories that it
names. The password of the registry is this server's own (`guard` asks for it): everybody knows MiniStack's.
"""

import base64
import json
import secrets
from typing import Any

from localaws.ministack.patching import use, wrap

PASSWORD = secrets.token_urlsafe(24)
"""Until the server ends; on AWS it is good for 12 hours."""


def install() -> None:
    wrap("services.ecr._get_authorization_token", _with_our_password)
    wrap("services.ecr._describe_images", _refuse_missing)
    wrap("core.iam_actions.extract_resource_arn", _named_repository)


def _with_our_password(original: Any, data: dict[str, Any]) -> Any:
    status, headers, body = original(data)
    answer = json.loads(body)
    for one in answer["authorizationData"]:
        one["authorizationToken"] = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
    return status, headers, json.dumps(answer).encode()


def _refuse_missing(original: Any, data: dict[str, Any]) -> Any:
    response = original(data)
    name, wanted = data.get("repositoryName", ""), data.get("imageIds") or []
    missing = [image for image in wanted if not use("services.ecr._find_image")(name, image)]
    if response[0] != 200 or not missing:  # noqa: PLR2004 - HTTP
        return response
    which = ", ".join(f"{key}:'{missing[0].get(key, 'null')}'" for key in ("imageDigest", "imageTag"))
    fault = {
        "__type": "ImageNotFoundException",
        "message": f"The image with imageId {{{which}}} does not exist within the repository with name "
        f"'{name}'",
    }
    return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(fault).encode()


def _named_repository(  # noqa: PLR0913, PLR0917 - MiniStack's parameters
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
    arn = original(service, method, path, headers, body, query_params, region, account_id)
    if (
        service != "ecr"
        or arn != "*"
        or not headers.get("x-amz-target", "").endswith(".DescribeRepositories")
    ):
        return arn
    try:
        names = json.loads(body or b"{}").get("repositoryNames") or []
    except (ValueError, AttributeError):
        return arn
    return f"arn:aws:ecr:{region}:{account_id}:repository/{names[0]}" if len(names) == 1 else arn
