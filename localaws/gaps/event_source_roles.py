"""An SQS event source mapping polls with the function's role, which MiniStack does not ask.

On AWS a mapping whose role lacks a permission stays enabled, delivers nothing and says so in
LastProcessingResult; without sqs:DeleteMessage it delivers the same messages again after their visibility
timeout.
"""

import contextvars
import logging
from typing import Any

from localaws.ministack.patching import wrap
from localaws.protection.roles import denial

_RECEIVE = ("sqs:ReceiveMessage", "sqs:GetQueueAttributes")
_DELETE = "sqs:DeleteMessage"

_running: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar(
    "localaws_mapping", default=None
)
_log = logging.getLogger("localaws")


def install() -> None:
    wrap("services.lambda_svc._sqs_esm_concurrency", _none_if_denied)
    wrap("services.lambda_svc._run_sqs_batch", _remembering_mapping)
    wrap("services.sqs._delete_messages_for_esm", _delete_if_allowed)


def _none_if_denied(
    original: Any, esm: dict[str, Any], func_rec: dict[str, Any], config: dict[str, Any], *rest: Any
) -> Any:
    """MiniStack asks for a mapping's concurrency right before it polls; 0 means that it does not poll."""
    for action in _RECEIVE:
        if refused := _denied(esm, func_rec, action):
            _report(esm, action, refused)
            return 0
    return original(esm, func_rec, config, *rest)


def _remembering_mapping(original: Any, esm: dict[str, Any], func_rec: dict[str, Any], *rest: Any) -> Any:
    token = _running.set({"esm": esm, "func_rec": func_rec})
    try:
        return original(esm, func_rec, *rest)
    finally:
        _running.reset(token)


def _delete_if_allowed(original: Any, *arguments: Any) -> Any:
    mapping = _running.get()
    if mapping and (refused := _denied(mapping["esm"], mapping["func_rec"], _DELETE)):
        _report(mapping["esm"], _DELETE, refused)
        return None
    return original(*arguments)


def _denied(esm: dict[str, Any], func_rec: dict[str, Any], action: str) -> str | None:
    config = func_rec.get("config") or func_rec
    return denial(config.get("Role", ""), config.get("FunctionName", ""), action, esm["EventSourceArn"])


def _report(esm: dict[str, Any], action: str, refused: str) -> None:
    problem = (
        "PROBLEM: The function's execution role does not have permissions to call "
        f"{action.partition(':')[2]} on SQS"
    )
    if esm.get("LastProcessingResult") != problem:
        esm["LastProcessingResult"] = problem
        _log.warning("Event source mapping %s: %s", esm["UUID"], refused)
