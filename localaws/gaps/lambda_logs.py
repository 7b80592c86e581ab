"""A function's logs are delivered with its execution role, which MiniStack does not ask.

On AWS a function whose role may not write its log group runs as ever, and its log lines are lost.
"""

import logging
from typing import Any

from localaws.ministack.patching import use, wrap
from localaws.protection.roles import denial

_log = logging.getLogger("localaws")


def install() -> None:
    wrap("services.lambda_svc._emit_lambda_logs", _if_allowed)


def _if_allowed(original: Any, func: dict[str, Any], *arguments: Any, **named: Any) -> Any:
    config = func.get("config") or func
    name = config.get("FunctionName", "")
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    if group not in use("services.cloudwatch_logs._log_groups"):
        actions.insert(0, "logs:CreateLogGroup")
    region, account = config.get("FunctionArn", ":::us-east-1:000000000000").split(":")[3:5]
    arn = f"arn:aws:logs:{region}:{account}:log-group:{group}"
    for action in actions:
        # CreateLogGroup and CreateLogStream are checked on the group, PutLogEvents on its stream:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
        resource = f"{arn}:log-stream:{name}" if action == "logs:PutLogEvents" else f"{arn}:log-stream:"
        if refused := denial(config.get("Role", ""), name, action, resource):
            _log.warning("The logs of function %s are lost: %s", name, refused)
            return None
    return original(func, *arguments, **named)
