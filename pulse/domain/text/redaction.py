"""Secrets in log lines, replaced by a marker before a person or another system sees the line.

Too much is rather replaced than too little. secret_forms.py has how secrets look.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Literal

from pulse.domain.fault import cut, printable
from pulse.domain.text.secret_forms import BESIDE_VENDOR, LABEL, SIGN, SIGNED_CODE, TOKENS, WEBHOOK

Needed = Literal["sign", "code", "word", "token"]
Rule = tuple[Needed, re.Pattern[str], str | Callable[[re.Match[str]], str]]
"""What a line has at least in which it finds anything; how a secret looks; what is put in its place."""

MARKER = "[redacted]"
LINE_CHARACTERS = 500
_READ_CHARACTERS = 8192
_EDGE_CHARACTERS = 256
"""What is left out where a longer line was cut for reading: half a secret is not recognised any more."""

_HIDDEN = r"""\[redacted\](?=[\s&"'}\]),;<]|\Z)"""
"""What was hidden before: a second pass leaves what stands behind it."""
_VALUE = r"""(?:\\?"[^"]*+"?|\\?'[^']*+'?|[^\s&]++)"""
_KEY_BEGINS = re.compile(r"-----BEGIN[A-Z0-9 _-]{0,48}PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----END[A-Z0-9 _-]{0,48}PRIVATE KEY")
_KEY_BODY = re.compile(r"\A\s*+(?:[A-Za-z0-9+/=]*+\s*+|Proc-Type:.*|DEK-Info:.*|-----END .*)\Z")
_KEPT = rf"\g<kept>{MARKER}"
_ENCODED_AT, _ENCODED_COLON, _ENCODED_SLASH = (
    re.compile(rf"(?i)%(?:25){{0,2}}{code}") for code in ("40", "3a", "2f")
)
_PORT = re.compile(r"[^:@]*+:[0-9]{1,5}\Z")
NEEDED: Mapping[Needed, re.Pattern[str]] = {
    "sign": re.compile("[:=%]"),
    "code": re.compile(rf"(?i){SIGNED_CODE}"),
    "word": re.compile("(?i)key|token|pass|pwd|credential|secret|bearer|basic|curl"),
    "token": re.compile(r"\S{12}"),
}
"""Most lines have none of these, and a rule costs far more than a look whether it can find anything."""


def _without_user(url: re.Match[str]) -> str:
    """A URL without user and password, which reach to the last @, also over signs that ought to be escaped.
    An @ in the path of a host with or without a port is none of theirs.
    """
    user, at, host = url["rest"].rpartition("@")
    authority, slash, _ = user.partition("/")
    if not at or (slash and (":" not in authority or _PORT.match(authority))):
        return url[0]
    return f"://{MARKER}@{host}"


def _without_encoded_user(url: re.Match[str]) -> str:
    """The same for a URL that is percent-encoded within another."""
    *user, host = _ENCODED_AT.split(url["rest"])
    authority, *path = _ENCODED_SLASH.split(url["rest"])
    if not user or (path and not _ENCODED_AT.search(authority) and not _ENCODED_COLON.search(authority)):
        return url[0]
    return f"{url[0].removesuffix(url['rest'])}{MARKER}%40{host}"


@cache
def _rules() -> tuple[Rule, ...]:
    """Compiled when the first line is read: most invocations show none."""
    kept: tuple[tuple[Needed, str, str], ...] = (
        # The parameters of presigned URLs, of version 4 and 2, and of Azure's shared access signatures:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
        (
            "sign",
            (
                r"(?:x-amz-(?:credential|signature|security-token)|awsaccesskeyid|signature|(?<![a-z])sig)"
                r"(?:=|%(?:25){0,2}3d)"
            ),
            r"""[^&\s"'<>,]++""",
        ),
        # The headers, whatever their scheme. "may require authorization: server message" is what a registry
        # says.
        (
            "sign",
            r"""(?:authorization|cookie)\\?["']?\s*+[:=]\s*+(?!server message)""",
            r"""(?:\\?"[^"]*+"?|\\?'[^']*+'?|.++)""",
        ),
        ("word", r"\bbearer\s++", r"[A-Za-z0-9._~+/=-]{8,}+"),
        (
            "word",
            r"\bbasic\s++",
            r"(?-i:(?=[^A-Z]{0,64}[A-Z]|[^0-9]{0,64}[0-9]))[A-Za-z0-9+/=]{16,}+",
        ),
        (
            "word",
            r"\bcurl\b[^|;]{0,128}?\s(?:-u|--user)[\s=]\s*+",
            r"""(?:"[^"]*+"?|'[^']*+'?|[^\s]++)""",
        ),
        ("sign", r"_gitlab_session=", r"[^\s;]++"),
        ("word", rf"""{LABEL}\\?["']?\s*+{SIGN}\s*+""", _VALUE),
        # A pair as containers, parameters and NuGet have it: {"name": "DB_PASSWORD", "value": …}.
        (
            "word",
            rf"""{LABEL}\\?["']\s*+,?\s*+\\?["']?[a-z]{{0,16}}value\\?["']?\s*+[:=]\s*+""",
            _VALUE,
        ),
        ("word", rf"--(?:[a-z]{{1,16}}-){{0,3}}?{LABEL}\s++", _VALUE),
        ("word", rf"<[\w:.-]{{0,64}}?{LABEL}(?:\s[^<>]{{0,200}}+)?>\s*+", r"[^<\s][^<]*+"),
        ("token", WEBHOOK, r"""[^\s"'<>]++"""),
        ("code", *BESIDE_VENDOR),
    )
    return (
        # A private key, also one that the line does not end; and a line of one (64 or 70 signs of Base64).
        (
            "word",
            re.compile(rf"{_KEY_BEGINS.pattern}[\s\S]*?(?:{_KEY_ENDS.pattern}[^-]*+-----|\Z)"),
            MARKER,
        ),
        ("token", re.compile(r"\A\s*+[A-Za-z0-9+/]{60,}+={0,2}+\s*+\Z"), MARKER),
        *(
            (needed, re.compile(rf"(?i)(?P<kept>{before})(?:{_HIDDEN}|{secret})"), _KEPT)
            for needed, before, secret in kept
        ),
        ("sign", re.compile(r"://(?P<rest>(?:[^\s:]|:(?!//))*+)"), _without_user),
        (
            "sign",
            re.compile(r"""(?i)%(?:25){0,2}3a(?:%(?:25){0,2}2f){2}(?P<rest>[^\s"'<>&]++)"""),
            _without_encoded_user,
        ),
        *(("token", re.compile(form), MARKER) for form in TOKENS),
    )


def redacted(line: str, limit: int = LINE_CHARACTERS) -> str:
    """The line without its secrets, printable, in at most `limit` characters."""
    text = _without_secrets(line[:_READ_CHARACTERS])
    if len(line) > _READ_CHARACTERS:
        text = text[:-_EDGE_CHARACTERS] + "…"
    # Escapes make it longer, never shorter, so that the slice is enough for the cut.
    return cut(printable(text[: limit + 1]), limit)


def _without_secrets(text: str) -> str:
    """The text with a marker in place of each secret."""
    has = {needed for needed, form in NEEDED.items() if form.search(text)}
    for needed, pattern, replacement in _rules():
        # No rule puts in what another one needs.
        if needed in has:
            text = pattern.sub(replacement, text)
    return text


def redacted_lines(lines: Iterable[str], limit: int = LINE_CHARACTERS) -> tuple[str, ...]:
    """Each line redacted; of a private key over several lines nothing but markers is left."""
    shown: list[str] = []
    inside = False
    for line in lines:
        inside = inside and bool(_KEY_BODY.match(line))
        shown.append(MARKER if inside else redacted(line, limit))
        inside = (inside or bool(_KEY_BEGINS.search(line))) and not _KEY_ENDS.search(line)
    return tuple(shown)
