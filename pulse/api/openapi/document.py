"""The HTTP API as an OpenAPI 3.1 document, made from the types and tables that it runs on.

https://spec.openapis.org/oas/v3.1.0
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pulse.api.openapi.operations import OPERATIONS, Operation
from pulse.api.openapi.parameters import PAGING, queue_parameter
from pulse.api.openapi.responses import JSON, MESSAGE, responses
from pulse.api.openapi.schemas import Schema, reference, schemas
from pulse.api.problem import Problem
from pulse.domain.request.job_request import JobRequest
from pulse.domain.text.duration import in_words

VERSION = "1.0.0"
_SECURITY = "sigv4"


def document(
    *,
    examples: Mapping[str, Any],
    profiles: Iterable[str],
    queues: Iterable[str],
    idempotency_window_seconds: int,
    ledger_retention_days: int,
) -> dict[str, Any]:
    """`examples`: JobRequests by name; the rest is what a deployment is configured with."""
    kinds = {kind for operation in OPERATIONS for kind in _kinds(operation)} | {Problem}
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pulse",
            "version": VERSION,
            "description": "Retrodiction training jobs on AWS Batch. Every call is signed (SigV4, service "
            "execute-api); every refusal is a problem (RFC 9457).",
        },
        "security": [{_SECURITY: []}],
        "paths": _paths(examples),
        "components": {
            "securitySchemes": {
                # As API Gateway exports it: OpenAPI has no type for it.
                _SECURITY: {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                }
            },
            "parameters": _parameters(idempotency_window_seconds, ledger_retention_days)
            | PAGING
            | {"Queue": queue_parameter(queues)},
            "headers": {
                "RetryAfter": {
                    "description": "After how many seconds to ask again. Without it: not again.",
                    "schema": {"type": "integer", "minimum": 1},
                }
            },
            "schemas": {
                **schemas(ordered, profiles=profiles, queues=queues),
                "Message": MESSAGE,
            },
        },
    }


def _kinds(operation: Operation) -> list[type]:
    answers = [kind for kind in operation.answers.values() if kind]
    return [*answers, operation.body.kind] if operation.body else answers


def _paths(examples: Mapping[str, Any]) -> dict[str, dict[str, Schema]]:
    paths: dict[str, dict[str, Schema]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, examples)
    return paths


def _operation(operation: Operation, examples: Mapping[str, Any]) -> Schema:
    operation_object: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in operation.parameters],
        "responses": responses(operation),
    }
    if operation.body:
        content: Schema = {"schema": reference(operation.body.kind)}
        if operation.body.kind is JobRequest and operation.body.required:
            content["examples"] = {name: {"value": value} for name, value in examples.items()}
        operation_object["requestBody"] = {"required": operation.body.required, "content": {JSON: content}}
    return operation_object


def _parameters(window_seconds: int, retention_days: int) -> dict[str, Schema]:
    flag = {"type": "boolean", "default": False}
    return {
        "JobId": {
            "name": "id",
            "in": "path",
            "required": True,
            "description": "The id that the submission was answered with, or AWS Batch's of a job that "
            "another client submitted.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"},
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "1 to 255 printable ASCII characters, in quotes or bare without spaces and quotes "
            "(draft-ietf-httpapi-idempotency-key-header-07). The same key of the same caller with the same "
            f"body is the same job, for {retention_days} days after the first call; with another body it is "
            "refused. Without the header the same body of the same caller is the same job for "
            f"{in_words(window_seconds)}. `idempotency_expires_at` in the answer says until when.",
            "schema": {"type": "string", "pattern": r'^("[ !#-~]{1,255}"|[!#-~]{1,255})$'},
        },
        "DryRun": {
            "name": "dry_run",
            "in": "query",
            "description": "Plans and quotes, submits nothing.",
            "schema": flag,
        },
        "Force": {
            "name": "force",
            "in": "query",
            "description": "A job of its own, even when the same call was made before. Not with an "
            "Idempotency-Key.",
            "schema": flag,
        },
    }
