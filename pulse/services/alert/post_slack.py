"""Posts an alert to a Slack webhook: at the pace that Slack takes, only to an allowed host, only over https,
never after a redirect.

A webhook URL is a secret: no message here holds it. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from collections.abc import Collection
from datetime import datetime
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Struct

from pulse.domain.alerts.alert import Alert
from pulse.domain.alerts.renderings.slack import message
from pulse.domain.errors import Misconfigured, NotDelivered
from pulse.domain.fault import shown
from pulse.services.alert.pace import Pace
from pulse.services.ports.messages import Secret, Webhook, WebhookAnswer

_GONE = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_UNSAID_SECONDS = 30
"""Waited after a 429 that does not say how long."""
_MOST_SECONDS = 3600
"""Waited at most, whatever is asked for."""
_ROTATE = "The webhook was revoked or its URL has changed: put the present one into the secret."


class PostSlack(Struct, frozen=True, kw_only=True):
    """`hosts` are `name`, for any port, or `name:port`."""

    url: Secret
    hosts: Collection[str]
    webhook: Webhook
    pace: Pace

    def post(self, alert: Alert, *, patience_seconds: float) -> None:
        """Waits for its turn, and as long as Slack asks, at most `patience_seconds` in all.

        Raises RetryLater when that is too short, NotDelivered when Slack fails, Misconfigured when it
        refuses for good or the secret holds no usable URL.
        """
        url = self.url.value().strip()
        check_url(url, self.hosts)
        body = msgspec.json.encode(message(alert))
        until = self.pace.until(patience_seconds)
        answer = self._post(url, body, until)
        while answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.pace.hold(min(answer.retry_after_seconds or _UNSAID_SECONDS, _MOST_SECONDS))
            answer = self._post(url, body, until)
        if answer.status != HTTPStatus.OK:
            self._refused(answer)

    def _post(self, url: str, body: bytes, until: datetime) -> WebhookAnswer:
        self.pace.wait(until)
        return self.webhook.post(url, body)

    def _refused(self, answer: WebhookAnswer) -> None:
        answered = f"Slack answered {answer.status}: {shown(answer.text, 100)}"
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NotDelivered(f"{answered}. The queue delivers the alert again.")
        if answer.status in _GONE:
            self.url.forget()
            raise Misconfigured(f"{answered}. {_ROTATE}")
        raise Misconfigured(f"{answered}. The alert stays in the dead-letter queue.")


def check_url(url: str, hosts: Collection[str]) -> None:
    """Raises Misconfigured unless `url` is https (or http on loopback) and its host is one of `hosts`."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        named = {host, f"{host}:{parts.port}"}
    except ValueError as error:
        raise Misconfigured("The Slack webhook secret does not hold a URL.") from error
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise Misconfigured("The Slack webhook secret does not hold a URL.")
    if parts.username is not None or parts.password is not None:
        raise Misconfigured("The Slack webhook URL must not hold a user name.")
    if not named.intersection(hosts):
        raise Misconfigured(f"The Slack webhook's host {shown(host)} is not one of {', '.join(hosts)}.")
    if not _is_safe(parts, host):
        raise Misconfigured("The Slack webhook URL must begin with https://.")


def _is_safe(parts: SplitResult, host: str) -> bool:
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
