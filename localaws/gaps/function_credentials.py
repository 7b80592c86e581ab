"""A function's credentials cannot be guessed: MiniStack computes them from the names of the function and its
role, which are no secret, and whoever guesses them may do all that the function may.
"""

import hashlib
import hmac
import secrets
from typing import Any

from localaws.ministack.patching import replace, use

_KEY = secrets.token_bytes(32)
"""New with each server: so are the processes of functions."""


def install() -> None:
    for module in ("core.lambda_runtime", "services.lambda_svc"):
        replace(f"{module}.execution_credentials", credentials)


def credentials(config: dict[str, Any]) -> dict[str, str]:
    """Environment variables with a session of the function's role, the same for each of its processes."""
    function, role = config["FunctionArn"], config.get("Role", "").rpartition("/")[2]
    account, session = function.split(":")[4], config.get("FunctionName", "function")[:64]
    key_id = f"ASIA{_derived('id', function, role)[:16].upper()}"
    secret, token = _derived("secret", function, role), _derived("token", function, role)
    use("services.sts.register_session")(
        key_id,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
            "UserId": f"{role}:{session}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        },
    )
    return {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def _derived(*parts: str) -> str:
    return hmac.new(_KEY, "\0".join(parts).encode(), hashlib.sha256).hexdigest()
