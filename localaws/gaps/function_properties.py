"""Function properties of a template that MiniStack drops: dead-letter queue and reserved concurrency."""

from typing import Any

from localaws.gaps import templates
from localaws.ministack.patching import use

_TYPE = "AWS::Lambda::Function"


def install() -> None:
    templates.after(_TYPE, apply)


def apply(name: str, new: dict[str, Any], old: dict[str, Any]) -> None:
    if new.get("DeadLetterConfig") or old.get("DeadLetterConfig"):
        answer = use("services.lambda_svc._update_config")(
            name, {"DeadLetterConfig": new.get("DeadLetterConfig") or {}}
        )
        templates.expect_success(f"{_TYPE} DeadLetterConfig", answer)
    reserved = new.get("ReservedConcurrentExecutions")
    if reserved is not None:
        use("services.lambda_svc._put_function_concurrency")(
            name, {"ReservedConcurrentExecutions": int(reserved)}
        )
    elif "ReservedConcurrentExecutions" in old:
        use("services.lambda_svc._delete_function_concurrency")(name)
