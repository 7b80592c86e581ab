"""Where a request comes from: a program of this machine, or a web page that has no business here.

A browser sends requests to loopback for any page. It names the page in Origin and says in Sec-Fetch-Site
whose it is; and a page whose name an attacker's DNS server points to 127.0.0.1 (rebinding) still has that
name in Host.
https://www.w3.org/TR/fetch-metadata/
"""

import re
from collections.abc import Iterable

OURS = re.compile(r"(127\.0\.0\.1|\[::1\]|([a-z0-9_-][a-z0-9._-]*\.)?localhost)(:[0-9]{1,5})?", re.IGNORECASE)
"""The hosts of this instance: loopback, and below `localhost` those of AWS's virtual hosting, such as
bucket.localhost, bucket.s3.localhost, bucket.s3.us-east-1.localhost and api-id.execute-api.localhost. Nobody
can own a name below `localhost`: https://www.rfc-editor.org/rfc/rfc6761#section-6.3. The port is the client's
affair: a proxy has another one.
"""
_FETCHED_BY_US = ("same-origin", "none")
"""`none`: the user typed the address."""

Headers = Iterable[tuple[bytes, bytes]]


def is_bare(host: str) -> bool:
    """Whether it is the instance itself, not a bucket or an API below its name."""
    found = OURS.fullmatch(host)
    return found is not None and found[2] is None


def refusal(headers: Headers) -> str | None:
    """A sentence that says why the request is not answered; None when it is."""
    hosts = _values(headers, b"host")
    if len(hosts) != 1 or not OURS.fullmatch(hosts[0]):
        return (
            f"This AWS answers to 127.0.0.1, localhost and names below localhost, not to {_shown(hosts)}. "
            "Use the address that `python -m localaws env` prints."
        )
    for origin in _values(headers, b"origin"):
        if origin.lower() != f"http://{hosts[0].lower()}":
            return (
                f"This AWS does not answer web pages of other origins, such as {_shown([origin])}. "
                "Ask it from a program, with the keys that `python -m localaws env` prints."
            )
    for site in _values(headers, b"sec-fetch-site"):
        if site.lower() not in _FETCHED_BY_US:
            return (
                "This AWS does not answer what another web page asked the browser for. "
                "If you followed a link, type its address instead."
            )
    return None


def _values(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for one, value in headers if one.lower() == name]


def _shown(values: list[str]) -> str:
    return ascii(", ".join(values)[:100]) if values else "a request without a Host"
