"""The door of the instance: every request passes here first, and most need a signature.

1. A foreign Host, a foreign Origin and cross-site requests are refused (`origin`).
2. Our own pages are open to whoever knows their address (`endpoints`), `/_ministack` is open to nobody.
3. All else needs the signature of an access key that this AWS knows (`signatures`), with few exceptions: the
   routes of an API and function URLs decide by themselves whom they let in, as on AWS; links in messages of
   SNS need none; images are pushed with the password that ECR gives.
"""

import base64
import hmac
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote

from localaws.asgi import App, Receive, Response, Scope, Send, buffered, refuse, text
from localaws.endpoints import CLOSED, PREFIX
from localaws.ministack.patching import replace, use
from localaws.protection import origin
from localaws.protection.keys import Keys
from localaws.protection.signatures import Received, Refused, Signature, check, claimed

ANSWERS = "/cfn-"
"""Custom resources and wait conditions answer at PREFIX/cfn-…/<token>, as to a presigned URL on AWS."""
LINKS = {"ConfirmSubscription", "Unsubscribe"}


def install(keys: Keys, registry_password: str) -> None:
    """Puts the guard in front of all that was mounted before. `registry_password`: what ECR hands out."""
    replace("app.app", Guard(use("app.app"), keys, registry_password, lambda: datetime.now(UTC)))


class Guard:
    """An ASGI application that passes on to `behind` what may pass."""

    def __init__(self, behind: App, keys: Keys, registry_password: str, now: Callable[[], datetime]) -> None:
        self._behind, self._keys, self._now = behind, keys, now
        self._login = b"Basic " + base64.b64encode(f"AWS:{registry_password}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._behind(scope, receive, send)
        elif why := origin.refusal(scope["headers"]) or _closed(scope["path"]):
            await refuse(scope, receive, send, text(403, why))
        elif scope["path"].startswith(f"{PREFIX}/"):
            await self._behind(_to_ministack(scope), receive, send)
        else:
            await self._signed(scope, receive, send)

    async def _signed(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _received(scope)
        try:
            if signature := self._identified(scope["path"], request):
                body = b""
                if scope["type"] == "http" and signature.covers_body(request):
                    body, receive = await buffered(receive)
                check(request, body, signature, self._secret(signature), self._now())
        except Refused as refused:
            await refuse(scope, receive, send, _as_the_service_says(scope["path"], request, refused))
            return
        await self._behind(scope, receive, send)

    def _identified(self, path: str, request: Received) -> Signature | None:
        """The signature to check; None where none is needed. Raises Refused where one is missing."""
        if use("app._is_ecr_registry_path")(path):
            if not hmac.compare_digest(request.headers.get("authorization", "").encode(), self._login):
                raise Refused("RegistryPassword", "Log in with the password of `aws ecr get-login-password`.")
            return None
        signature = claimed(request)
        if signature is None and not _open_to_all(path, request):
            raise Refused("MissingAuthenticationToken", "Request is missing Authentication Token")
        if signature is not None and signature.key_id != _caller(request):
            raise Refused("IncompleteSignature", "The request names two access keys.")
        return signature

    def _secret(self, signature: Signature) -> str:
        if signature.key_id == self._keys.access_key_id:
            return self._keys.secret_access_key
        return _secret_of(signature)


def _secret_of(signature: Signature) -> str:
    """The secret of a user's key or of a session. Raises Refused."""
    if use("core.iam_evaluator.is_root_access_key")(signature.key_id):  # MiniStack knows others than ours
        raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.")
    account = use("core.responses._account_from_sts_session")(signature.key_id)
    try:
        account = account or use("core.iam_evaluator.find_iam_access_key_account")(signature.key_id)
    except use("core.iam_evaluator.AmbiguousAccessKeyError"):
        account = None
    found = use("core.iam_evaluator.resolve_credential")(signature.key_id, account, signature.token)
    if isinstance(found, use("core.iam_evaluator.CredentialResolutionError")):
        raise Refused(found.code, found.message)
    return str(found.secret_access_key)


def _closed(path: str) -> str | None:
    if path == CLOSED or path.startswith(f"{CLOSED}/"):
        return f"{CLOSED} is closed: this AWS is asked through AWS's own API. See localaws/README.md."
    return None


def _to_ministack(scope: Scope) -> Scope:
    """Where MiniStack takes the answers of custom resources is closed, so they come to an address of ours."""
    path: str = scope["path"]
    if scope.get("method") != "PUT" or not path.startswith(PREFIX + ANSWERS):
        return scope
    behind = CLOSED + path.removeprefix(PREFIX)
    return {**scope, "path": behind, "raw_path": quote(behind).encode()}


def _open_to_all(path: str, request: Received) -> bool:
    host = request.headers["host"]
    if not origin.is_bare(host):
        return False  # below another host, another service may answer at the same path
    if path.startswith("/_aws/") and _is_a_users_function(host, path):
        return True
    action = dict(request.parameters).get("Action")
    return (request.method, path) == ("GET", "/") and action in LINKS and _service(path, request) == "sns"


def _is_a_users_function(host: str, path: str) -> bool:
    """A route of an API, or a function URL."""
    return any(use(f"app.{parse}")(host, path) for parse in ("_parse_execute_api_url", "_parse_lambda_url"))


def _received(scope: Scope) -> Received:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, said = name.decode("latin-1").lower(), use("core.sigv4.decode_header_value")(value)
        headers[key] = f"{headers[key]},{said}" if key in headers else said
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    query = scope.get("query_string", b"").decode("latin-1")
    return Received(scope.get("method", "GET"), path.decode("latin-1"), query, headers)


def _parameters(request: Received) -> dict[str, list[str]]:
    return parse_qs(request.query, keep_blank_values=True)


def _caller(request: Received) -> str:
    """Whom MiniStack will take the caller for."""
    return str(use("core.router.extract_access_key_id")(request.headers, _parameters(request)))


def _service(path: str, request: Received) -> str:
    return str(use("core.router.detect_service")(request.method, path, request.headers, _parameters(request)))


def _as_the_service_says(path: str, request: Received, refused: Refused) -> Response:
    """Each service of AWS has names, statuses and formats of its own for the same few faults."""
    if refused.code == "RegistryPassword":
        errors = {"errors": [{"code": "UNAUTHORIZED", "message": refused.message}]}
        challenge = {"www-authenticate": 'Basic realm="localaws",service="ecr"'}
        return Response(401, "application/json", json.dumps(errors).encode(), challenge)
    if _is_a_users_function(request.headers["host"], path):
        return Response(403, "application/json", b'{"message":"Forbidden"}')
    failure = use("core.iam_evaluator.AuthError")(refused.code, refused.message)
    status, headers, body = use("app._credential_failure")(
        _service(path, request), "", str(uuid.uuid4()), failure, request.headers
    )
    lower: dict[str, Any] = {name.lower(): value for name, value in headers.items()}
    return Response(status, lower.pop("content-type", "application/xml"), body, lower)
