"""Who called what, counted: GET /_localaws/calls answers it as JSON, DELETE begins anew.

One count a request, by the caller's role (or user) and the IAM action, as CloudTrail would have them; with
it the capacity units that DynamoDB would bill. What AWS does on a user's behalf, such as taking messages from
a queue for a function, is no request here.
"""

import functools
import json
from collections import Counter
from typing import Any

from localaws.asgi import Request, Response
from localaws.ministack.patching import use, wrap

PATH = "/_localaws/calls"
_METERED = {
    "dynamodb:PutItem": "_put_item",
    "dynamodb:GetItem": "_get_item",
    "dynamodb:UpdateItem": "_update_item",
    "dynamodb:DeleteItem": "_delete_item",
    "dynamodb:Query": "_query",
    "dynamodb:BatchGetItem": "_batch_get_item",
    "dynamodb:TransactWriteItems": "_transact_write_items",
}

_Call = tuple[str, str]
_calls: Counter[_Call] = Counter()
_units: Counter[_Call] = Counter()


def install() -> None:
    wrap("core.iam_actions.extract_iam_action", _counted)
    for action, operation in _METERED.items():
        wrap(f"services.dynamodb.{operation}", functools.partial(_metered, action))


def answer(request: Request) -> Response:
    if request.method == "DELETE":
        _calls.clear()
        _units.clear()
    if request.method not in {"GET", "DELETE"}:
        return Response(405, "text/plain; charset=utf-8", b"GET or DELETE", {"allow": "GET, DELETE"})
    told = [
        {"caller": call[0], "action": call[1], "calls": count, "capacity_units": float(_units[call])}
        for call, count in sorted(_calls.items())
    ]
    return Response(200, "application/json", json.dumps(told).encode())


def _counted(original: Any, *arguments: Any, **named: Any) -> Any:
    action = original(*arguments, **named)
    if action:
        _calls[_caller(), action] += 1
    return action


def _metered(action: str, original: Any, data: dict[str, Any]) -> Any:
    """Asks for the consumed capacity too, and keeps it from a caller who did not."""
    asked = data.get("ReturnConsumedCapacity", "NONE") != "NONE"
    answer = original(data if asked else data | {"ReturnConsumedCapacity": "TOTAL"})
    status, headers, body = answer
    told = json.loads(body)
    consumed = told.pop("ConsumedCapacity", None)
    if consumed is None:
        return answer
    of_tables = consumed if isinstance(consumed, list) else [consumed]
    _units[_caller(), action] += sum(one["CapacityUnits"] for one in of_tables)
    return answer if asked else (status, headers, json.dumps(told).encode())


def _caller() -> str:
    """`MyRole` of arn:aws:sts::123456789012:assumed-role/MyRole/session, `root` of the account itself."""
    arn: str = use("core.iam_evaluator.caller_arn")()
    return arn.rpartition(":")[2].removeprefix("assumed-role/").partition("/")[0]
