"""The events by which an HTTP API calls its functions, and which function it calls."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from tests.simulation.account import ACCOUNT


def function_of(method: str, path: str) -> str:
    """The name of the function that the API's route leads to."""
    if method == "GET":
        return "get_job"
    return "cancel_job" if path.endswith("/cancel") else "submit_job"


def event_of(method: str, path: str, body: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """An HTTP API event, payload format 2.0. `path` may have a query."""
    path, _, query = path.partition("?")
    job_id = (*path.split("/"), "")[2]
    route = f"{method} {path.replace(f'/{job_id}', '/{id}', 1) if job_id else path}"
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query,
        "queryStringParameters": dict(parse_qsl(query)),
        "headers": {"content-type": "application/json", **headers},
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "api",
            "authorizer": {"iam": {"userArn": f"arn:aws:iam::{ACCOUNT}:user/analyst"}},
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
            "requestId": "request",
            "routeKey": route,
            "stage": "$default",
        },
        "pathParameters": {"id": job_id} if job_id else {},
        "body": body or None,
        "isBase64Encoded": False,
    }
