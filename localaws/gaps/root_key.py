"""Root has the one access key of this instance. MiniStack also takes `test`, and nobody's key, for root's.

A number of twelve digits stays root's of that account: by it one service calls another in the same process,
and the guard lets nobody else use it. Links in messages of SNS need no key, as on AWS.
"""

import os
import re
from typing import Any

from localaws.ministack.patching import replace, use, wrap

_ACCOUNT_ID = re.compile(r"\d{12}")


def install() -> None:
    for module in ("core.iam_evaluator", "services.sts"):
        replace(f"{module}.is_root_access_key", is_roots)
    wrap("core.iam_evaluator.enforce", _links_need_no_key)


def is_roots(key_id: str) -> bool:
    return key_id == os.environ["AWS_ACCESS_KEY_ID"] or bool(_ACCOUNT_ID.fullmatch(key_id))


def _links_need_no_key(original: Any, key_id: str, action: str, *rest: Any, **named: Any) -> Any:
    if not key_id and action in use("core.iam_evaluator._UNSIGNED_LINK_ACTIONS"):
        return None
    return original(key_id, action, *rest, **named)
