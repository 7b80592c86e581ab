"""The HTTP API as a client sees it, without the network: routes lead to the functions as deployed."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from lambdas import cancel_job, get_job, submit_job

EVENT = Path(__file__).parent.parent / "events" / "http_post_jobs.json"
ANALYST = "arn:aws:iam::123456789012:user/analyst"
DEFAULT_ROUTE = "$default"
ROUTES = {
    "POST /jobs": submit_job.handler,
    "POST /jobs/{id}/rerun": submit_job.handler,
    "POST /jobs/{id}/cancel": cancel_job.handler,
    "GET /jobs": get_job.handler,
    "GET /jobs/{id}": get_job.handler,
    "GET /jobs/{id}/logs": get_job.handler,
    "GET /queue": get_job.handler,
    "GET /costs": get_job.handler,
    "GET /trainings": get_job.handler,
    "GET /openapi.json": get_job.handler,
    DEFAULT_ROUTE: get_job.handler,
}
"""tests/infra compares them with the templates."""


class Answer(NamedTuple):
    status: int
    content: Any
    headers: dict[str, str]


class Api:
    def __init__(self, context: Any, caller: str = ANALYST) -> None:
        """`caller`: the ARN of who signs."""
        self._context, self._caller = context, caller

    def __call__(
        self,
        route: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        **query: str,
    ) -> Answer:
        """`route` is a method and a path. A body that is text is sent as it is."""
        method, path = route.split(" ", 1)
        event = json.loads(EVENT.read_text())
        key, parameters = _matching(method, path)
        event |= {"routeKey": key, "rawPath": path, "pathParameters": parameters}
        event["requestContext"]["http"] |= {"method": method, "path": path}
        event["requestContext"]["routeKey"] = key
        event["requestContext"]["authorizer"]["iam"]["userArn"] = self._caller
        event["headers"] |= headers or {}
        event["body"] = body if body is None or isinstance(body, str) else json.dumps(body)
        if query:
            event["queryStringParameters"] = query
        answer = ROUTES[key](event, self._context)
        told = {name.lower(): value for name, value in answer["headers"].items()}
        return Answer(answer["statusCode"], json.loads(answer["body"]), told)


def _matching(method: str, path: str) -> tuple[str, dict[str, str]]:
    """The key of the route that API Gateway takes, and the parameters in the path."""
    for key in ROUTES:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(key))
        if found := re.fullmatch(pattern, f"{method} {path}"):
            return key, found.groupdict()
    return DEFAULT_ROUTE, {}
