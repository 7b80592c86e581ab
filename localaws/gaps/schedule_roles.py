"""EventBridge Scheduler asks IAM: which schedules a call is about, whether a role may be passed to it, and
whether that role may send to the target. MiniStack knows the default group only and asks nothing more.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role. What a role
may not send goes to the schedule's dead-letter queue, if it may send there:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html.
"""

import json
import logging
from typing import Any

from localaws.batch.iam import trusts
from localaws.ministack.patching import use, wrap
from localaws.protection.roles import denial

_SERVICE = "scheduler.amazonaws.com"
_SENDS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}
_log = logging.getLogger("localaws")

Response = tuple[int, dict[str, str], bytes]


def install() -> None:
    wrap("core.iam_actions.extract_resource_arn", _in_its_group)
    wrap("services.scheduler._create_schedule", _if_role_passes)
    wrap("services.scheduler._update_schedule", _if_role_passes)
    wrap("services.eventbridge._invoke_target", _if_role_may_send)


def _in_its_group(original: Any, service: str, method: str, path: str, *rest: Any, **named: Any) -> Any:
    arn = original(service, method, path, *rest, **named)
    if service != "scheduler" or ":schedule/default/" not in arn:
        return arn
    values = dict(zip(("headers", "body", "query_params"), rest, strict=False)) | named
    group = _group(values.get("body"), values.get("query_params") or {})
    return arn.replace(":schedule/default/", f":schedule/{group}/", 1)


def _group(body: bytes | None, query: dict[str, Any]) -> str:
    """CreateSchedule and UpdateSchedule name it in the body, the others in the query."""
    try:
        named = json.loads(body or b"{}").get("GroupName")
    except (ValueError, AttributeError):
        named = None
    asked = query.get("groupName") or "default"
    return str(named or (asked[0] if isinstance(asked, list) else asked))


def _if_role_passes(original: Any, name: str, body: dict[str, Any]) -> Response:
    role_arn = str((body.get("Target") or {}).get("RoleArn", ""))
    if refused := _not_passed(role_arn):
        return _refusal(403, "AccessDeniedException", f"User: {refused}")
    role = use("services.iam._roles").get(role_arn.rpartition("/")[2])
    if role_arn and not (role and trusts(role["AssumeRolePolicyDocument"], _SERVICE)):
        sentence = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        return _refusal(400, "ValidationException", sentence)
    answer: Response = original(name, body)
    return answer


def _not_passed(role_arn: str) -> str | None:
    """AWS's sentence when a role that calls may not pass this one; users are root here."""
    caller = use("core.iam_evaluator.caller_arn")()
    role, _, session = caller.partition(":assumed-role/")[2].partition("/")
    if not role or not role_arn:
        return None
    account = caller.split(":")[4]
    passed_to = {"iam:passedtoservice": _SERVICE}
    return denial(f"arn:aws:iam::{account}:role/{role}", session, "iam:PassRole", role_arn, passed_to)


def _refusal(status: int, kind: str, message: str) -> Response:
    headers = {"Content-Type": "application/json", "x-amzn-errortype": kind}
    return status, headers, json.dumps({"Message": message}).encode()


def _if_role_may_send(original: Any, target: dict[str, Any], event: dict[str, Any], *rest: Any) -> Any:
    if event.get("Source") != "aws.scheduler" or (refused := _not_sent(target, target["Arn"])) is None:
        return original(target, event, *rest)
    _log.warning("A schedule fires in vain: %s", refused)
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not dead_letters:
        return None
    if refused := _not_sent(target, dead_letters):
        _log.warning("And its event is lost: %s", refused)
        return None
    return original({**target, "Arn": dead_letters}, event, *rest)


def _not_sent(target: dict[str, Any], arn: str) -> str | None:
    action = _SENDS.get(arn.split(":")[2])
    return denial(target["RoleArn"], "scheduler", action, arn) if action else None
