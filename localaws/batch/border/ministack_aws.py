"""The AWS around the engine, as MiniStack's own services (border: imports ministack)."""

from __future__ import annotations

import json
import secrets
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, responses
from ministack.services import cloudwatch_logs, ec2, eventbridge, iam, sts

from localaws.batch.iam import TASKS_SERVICE, trusts
from localaws.batch.ports import Credentials, LogsRefusedError, RoleNotAssumableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from localaws.batch.model import Document
    from localaws.batch.scope import Scope

# A Fargate task lives at most 14 days; the engine ends the session with the task.
LONGEST_SESSION_SECONDS = 14 * 24 * 3600
_EXISTS = "ResourceAlreadyExistsException"
_happened: ContextVar[float | None] = ContextVar("localaws_happened", default=None)


class MiniStackAws:
    """See `ports.Aws` for what each method promises."""

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{app._resolve_port()}"  # noqa: SLF001 - see hooks.py

    def __init__(self) -> None:
        eventbridge._now_ts = _at_its_own_time(eventbridge._now_ts)  # noqa: SLF001

    def publish(self, scope: Scope, entry: Document) -> None:
        happened = _happened.set(entry["Time"])
        try:
            with responses.request_scope(scope.account, scope.region):
                eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)  # noqa: SLF001
        finally:
            _happened.reset(happened)

    def assume(self, scope: Scope, role_arn: str, session: str) -> Credentials:
        role = self._role(scope, role_arn, TASKS_SERVICE)
        if role is None:
            raise RoleNotAssumableError(
                f"ECS was unable to assume the role '{role_arn}' that was provided for this task. Please "
                f"verify that "
                "the role being passed has the proper trust relationship and permissions and that your "
                "IAM user has "
                "permissions to pass this role."
            )
        credentials = Credentials(
            f"ASIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30), secrets.token_urlsafe(120)
        )
        sts.register_session(
            credentials.access_key_id,
            {
                "Arn": f"arn:aws:sts::{scope.account}:assumed-role/{role_arn.rpartition('/')[2]}/{session}",
                "UserId": f"{role['RoleId']}:{session}",
                "SecretAccessKey": credentials.secret_access_key,
                "SessionToken": credentials.session_token,
                "Expiration": time.time() + LONGEST_SESSION_SECONDS,
                "AccountId": scope.account,
                "PrincipalType": "AssumedRole",
            },
        )
        return credentials

    def trusts(self, scope: Scope, role_arn: str, service: str) -> bool:
        return self._role(scope, role_arn, service) is not None

    @staticmethod
    def _role(scope: Scope, role_arn: str, service: str) -> Document | None:
        """The role, None when the service may not assume it."""
        with responses.request_scope(scope.account, scope.region):
            role: Document | None = iam._roles.get(role_arn.rpartition("/")[2])  # noqa: SLF001
        if role is None or role["Arn"] != role_arn:
            return None
        return role if trusts(role["AssumeRolePolicyDocument"], service) else None

    def forget(self, credentials: Credentials) -> None:
        sts._sessions.pop(credentials.access_key_id, None)  # noqa: SLF001

    def denial(self, scope: Scope, credentials: Credentials, action: str, resource: str) -> str | None:
        if not app.AUTH:
            return None
        service = action.partition(":")[0]
        with responses.request_scope(scope.account, scope.region):
            refusal = iam_evaluator.enforce(
                credentials.access_key_id, action, service, scope.region, resource_arn=resource
            )
        if refusal is None:
            return None
        if isinstance(refusal, iam_evaluator.AuthError):
            return f"{refusal.code}: {refusal.message}"
        return str(
            iam_actions.identity_denial_message(
                action, refusal.principal_arn, resource, refusal.decision == "Deny"
            )
        )

    def zone(self, scope: Scope, subnet_ids: Sequence[str]) -> str:
        with responses.request_scope(scope.account, scope.region):
            subnets = [one for name in subnet_ids if (one := ec2._subnets.get(name))]  # noqa: SLF001
        return str(subnets[0]["AvailabilityZone"]) if subnets else f"{scope.region}a"

    def create_log_stream(self, scope: Scope, group: str, stream: str, *, create_group: bool) -> None:
        with responses.request_scope(scope.account, scope.region):
            if create_group:
                _accepted(cloudwatch_logs._create_log_group({"logGroupName": group}))  # noqa: SLF001
            _accepted(
                cloudwatch_logs._create_log_stream(  # noqa: SLF001
                    {"logGroupName": group, "logStreamName": stream}
                )
            )

    def put_log_events(self, scope: Scope, group: str, stream: str, events: Sequence[Document]) -> None:
        with responses.request_scope(scope.account, scope.region):
            cloudwatch_logs._put_log_events(  # noqa: SLF001
                {"logGroupName": group, "logStreamName": stream, "logEvents": list(events)}
            )


def _at_its_own_time(now: Callable[[], float]) -> Callable[[], float]:
    """MiniStack ignores the Time of an entry; a late event still says when it happened."""
    return lambda: _happened.get() or now()


def _accepted(answer: tuple[int, dict[str, str], Any]) -> None:
    status, _, body = answer
    if status < 400:  # noqa: PLR2004 - HTTP
        return
    error = json.loads(body)
    code = str(error.get("__type", "")).rpartition("#")[2]
    if code != _EXISTS:
        raise LogsRefusedError(f"{code}: {error.get('message', error.get('Message', ''))}")
