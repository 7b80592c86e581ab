"""Posts an alert to a Slack webhook: only to an allowed host, only over https, never after a redirect.

A webhook URL is a secret: no message here holds it. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from collections.abc import Collection
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Struct

from pulse.domain.alert import Alert
from pulse.domain.alert_slack import message
from pulse.domain.errors import Misconfigured, NotDelivered
from pulse.domain.fault import shown
from pulse.services.ports import Secret, Webhook, WebhookAnswer

_GONE = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_ROTATE = "The webhook was revoked or its URL has changed: put the present one into the secret."


class PostSlack(Struct, frozen=True, kw_only=True):
    """`hosts` are `name`, for any port, or `name:port`."""

    url: Secret
    hosts: Collection[str]
    webhook: Webhook

    def post(self, alert: Alert) -> None:
        """Raises NotDelivered when Slack asks to wait or fails, Misconfigured when it refuses for good or the
        secret holds no usable URL. How long Slack asks to wait is only told: the queue's visibility timeout
        decides when the alert comes again.
        """
        url = self.url.value().strip()
        check_url(url, self.hosts)
        answer = self.webhook.post(url, msgspec.json.encode(message(alert)))
        if answer.status != HTTPStatus.OK:
            self._refused(answer)

    def _refused(self, answer: WebhookAnswer) -> None:
        said = f"Slack answered {answer.status}: {shown(answer.text, 100)}"
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait = answer.retry_after_seconds or NotDelivered.retry_after_seconds
            raise NotDelivered(f"{said}. It asks to wait {wait} s; the queue delivers again.", wait)
        if answer.status in _GONE:
            self.url.forget()
            raise Misconfigured(f"{said}. {_ROTATE}")
        raise Misconfigured(f"{said}. The alert stays in the dead-letter queue.")


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
