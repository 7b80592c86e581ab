"""Batch in MiniStack's place: what it calls for requests, state and reset (border: imports ministack)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, responses
from ministack.core.router import extract_access_key_id
from ministack.services.cloudformation import provisioners

from localaws.batch import iam
from localaws.batch.border import api, ecs_calls, host_calls
from localaws.batch.border.cloudformation import handlers
from localaws.batch.errors import BatchError
from localaws.batch.memory.state import dump, load
from localaws.batch.model import Call, Document, route
from localaws.batch.scope import Scope

if TYPE_CHECKING:
    from localaws.batch.engine import Engine

Query = Mapping[str, Sequence[str]]


def put_in_place(engine: Engine) -> None:
    """Replaces the pretended Batch, its CloudFormation types, what its calls are authorized on, and what ECS
    and EC2 say of the instances that its jobs run on.
    """
    app._loaded_modules["batch"] = _module(engine)  # noqa: SLF001 - see hooks.py

    provisioners._RESOURCE_HANDLERS.update(handlers(engine))  # noqa: SLF001
    ecs_calls.put_in_place(engine)
    host_calls.put_in_place(engine)
    iam_actions.extract_iam_action = _action_of_batch_calls(iam_actions.extract_iam_action)
    iam_actions.extract_resource_arn = _resource_of_batch_calls(engine, iam_actions.extract_resource_arn)


def _module(engine: Engine) -> SimpleNamespace:
    """An object with the functions MiniStack expects of a service's module."""

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: Query
    ) -> tuple[int, dict[str, str], bytes]:
        scope = Scope(responses.get_account_id(), responses.get_region())
        call = Call(method, path, query_params, body)
        return _refusal(engine, scope, call, headers) or api.handle(engine, scope, call)

    def load_persisted_state(data: Document) -> None:
        load(engine.state, data)
        asyncio.get_running_loop().call_soon(engine.recover)

    return SimpleNamespace(
        handle_request=handle_request,
        reset=engine.clear,
        get_state=lambda: dump(engine.state),
        load_persisted_state=load_persisted_state,
    )


def _permissions(engine: Engine, scope: Scope, call: Call) -> list[iam.Permission]:
    found = route(call)
    if found is None:
        return []
    try:
        request = api.parameters(found, call)
    except BatchError:
        return []
    region = engine.state.region(scope)

    def resolve(reference: str) -> str:
        definition = region.definition(reference)
        if definition:
            return str(definition["jobDefinitionArn"])
        return reference if reference.startswith("arn:") else scope.arn("job-definition", reference)

    return iam.permissions(found.operation.name, request, scope, resolve)


def _refusal(engine: Engine, scope: Scope, call: Call, headers: dict[str, str]) -> api.Answer | None:
    """AccessDenied when IAM denies a further permission; MiniStack itself has checked the first."""
    if not app.AUTH:
        return None
    for needed in _permissions(engine, scope, call)[1:]:
        denied = iam_evaluator.enforce(
            extract_access_key_id(headers, call.query),
            needed.action,
            "batch",
            scope.region,
            resource_arn=needed.resource,
            service_context=iam_actions.request_tag_context("batch", needed.action, call.body, call.query),
        )
        if denied is not None:
            explicit = denied.decision == "Deny"
            message = iam_actions.identity_denial_message(
                needed.action, denied.principal_arn, needed.resource, explicit
            )
            return api.error(403, "AccessDeniedException", message)
    return None


def _names_nothing(call: Call) -> bool:
    """Whether the call is refused as invalid and does not say what it is about, so IAM cannot be asked."""
    found = route(call)
    if found is None:
        return False
    try:
        if iam.names_its_resources(found.operation.name, api.parameters(found, call)):
            return False
        api.valid(found, call)
    except BatchError:
        return True
    return False


def _action_of_batch_calls(before: Callable[..., str | None]) -> Callable[..., str | None]:
    """MiniStack checks no more than the credentials of a call without an action; the answer to such a call is
    a ClientException. Some operations are allowed by the action of another.
    """

    def extract_iam_action(  # noqa: PLR0913, PLR0917 - MiniStack's own signature
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, query_params: Query
    ) -> str | None:
        if service == "batch":
            call = Call(method, path, query_params, body)
            if _names_nothing(call):
                return None
            if found := route(call):
                return iam.action(found.operation.name)
        return before(service, method, path, headers, body, query_params)

    return extract_iam_action


def _resource_of_batch_calls(engine: Engine, before: Callable[..., str]) -> Callable[..., str]:
    def extract_resource_arn(  # noqa: PLR0913, PLR0917 - MiniStack's own signature
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: Query,
        region: str,
        account_id: str,
    ) -> Any:
        if service != "batch":
            return before(service, method, path, headers, body, query_params, region, account_id)
        call = Call(method, path, query_params, body)
        needed = _permissions(engine, Scope(account_id, region), call)
        return needed[0].resource if needed else iam.ANY

    return extract_resource_arn
