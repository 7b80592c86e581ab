"""Secrets in log lines, replaced by a marker before a person or another system sees the line.

Each pattern is open at its end or bounded, and takes what it has matched for good (`++`), so that a hostile
line costs time in proportion to its length. Too much is rather replaced than too little.
"""

import re
from collections.abc import Callable, Iterable

from pulse.domain.fault import cut, printable

MARKER = "[redacted]"
LINE_CHARACTERS = 500
_READ_CHARACTERS = 8192
_EDGE_CHARACTERS = 256
"""What is left out where a longer line was cut for reading: half a secret is not recognised any more."""

_KEYS = (
    r"(?:access|account|admin|api|auth|client|consumer|deploy|encryption|license|master|private|secret|service|"
    r"session|shared|signing|ssh|storage|subscription|webhook)[_-]?key"
)
"""Not any word that ends in "key": most name a place in S3, a table or a data set."""
_PAGING = r"(?<!next)(?<!next[_-])(?<!page)(?<!page[_-])(?<!continuation)(?<!continuation[_-])"
_LABELS = (
    rf"{_KEYS}|{_PAGING}token|passphrase|passwords?|passwd|pwd|credentials?|"
    # A secret's ARN holds "123456789012:secret:" before its name, and "bypass" is no password.
    r"(?<![0-9]:)secret|(?:(?<![a-z])|(?<=db)|(?<=user))pass"
)
"""How a label ends; whatever precedes it may be part of its word."""
_VALUE = r"""(?:\\?"[^"]*+"?|\\?'[^']*+'?|[^\s&]++)"""
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----END [A-Z ]{0,32}PRIVATE KEY")
_KEY_BODY = re.compile(r"\A\s*+(?:[A-Za-z0-9+/=]*+\s*+|Proc-Type:.*|DEK-Info:.*|-----END .*)\Z")
_KEPT = rf"\g<kept>{MARKER}"
_PORT = re.compile(r"[^:@]*+:[0-9]{1,5}\Z")


def _without_user(url: re.Match[str]) -> str:
    """A URL without user and password, which reach to the last @, also over signs that ought to be escaped.
    An @ in the path of a host with or without a port is none of theirs.
    """
    user, at, host = url["rest"].rpartition("@")
    authority, slash, _ = user.partition("/")
    if not at or (slash and (":" not in authority or _PORT.match(authority))):
        return url[0]
    return f"://{MARKER}@{host}"


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # A private key, also one that the line does not end; and a line of one (64 or 70 characters of Base64).
    (
        re.compile(
            r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY[\s\S]*?(?:-----END [A-Z ]{0,32}PRIVATE KEY[^-]*+-----|\Z)"
        ),
        MARKER,
    ),
    (re.compile(r"\A\s*+[A-Za-z0-9+/]{60,}+={0,2}+\s*+\Z"), MARKER),
    # The parameters of presigned URLs, of version 4 and 2:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    (
        re.compile(
            r"(?i)(?P<kept>(?:x-amz-(?:credential|signature|security-token)|awsaccesskeyid|signature)=)"
            r"""[^&\s"'<>,]++"""
        ),
        _KEPT,
    ),
    # The headers, whatever their scheme. "may require authorization: server message" is what a registry says.
    (
        re.compile(
            r"""(?i)(?P<kept>(?:authorization|cookie)\\?["']?\s*+[:=]\s*+)(?!server message)"""
            r"""(?:\\?"[^"]*+"?|\\?'[^']*+'?|.++)"""
        ),
        _KEPT,
    ),
    (re.compile(r"(?i)(?P<kept>\bbearer\s++)[A-Za-z0-9._~+/=-]{8,}+"), _KEPT),
    (re.compile(r"(?P<kept>\b[Bb]asic\s++)[A-Za-z0-9+/=]{16,}+"), _KEPT),
    (re.compile(rf"""(?i)(?P<kept>(?:{_LABELS})\\?["']?\s*+[:=]++>?\s*+){_VALUE}"""), _KEPT),
    # A pair as containers and parameters have it: {"name": "DB_PASSWORD", "value": …}.
    (
        re.compile(
            rf"""(?i)(?P<kept>(?:{_LABELS})\\?["']\s*+,\s*+\\?["'][a-z]{{0,16}}value\\?["']\s*+:\s*+){_VALUE}"""
        ),
        _KEPT,
    ),
    (re.compile(rf"(?i)(?P<kept>--(?:[a-z]{{1,16}}-){{0,3}}?(?:{_LABELS})\s++){_VALUE}"), _KEPT),
    (re.compile(r"://(?P<rest>(?:[^\s:]|:(?!//))*+)"), _without_user),
    (re.compile(r"""(?i)(?P<kept>\bhooks\.slack(?:-gov)?\.com\\?/)[^\s"'<>]++"""), _KEPT),
    (re.compile(r"\bxox[a-z]-[A-Za-z0-9-]{8,}+|\bxapp-[A-Za-z0-9-]{8,}+"), MARKER),
    # https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    (re.compile(r"\bgh[a-z]_[A-Za-z0-9_]{16,}+|\bgithub_pat_\w{16,}+|\bglpat-[\w-]{16,}+"), MARKER),
    # What OpenAI, Anthropic, Stripe, Google, npm, PyPI, Docker and Hugging Face give out begins like this.
    (
        re.compile(
            r"\bsk-[A-Za-z0-9]{20,}+|\bsk-(?:proj|ant|svcacct|admin|or)-[\w-]{8,}+|"
            r"\b[rs]k_(?:live|test)_\w{8,}+|\bAIza[\w-]{16,}+|\bya29\.[\w-]{16,}+|\bnpm_[A-Za-z0-9]{20,}+|"
            r"\bpypi-[\w-]{16,}+|\bdckr_[a-z]{3}_[\w-]{16,}+|\bhf_[A-Za-z0-9]{16,}+"
        ),
        MARKER,
    ),
    # JSON in Base64, which JSON Web Tokens begin with, and the password of an ECR login ("AWS:{…").
    (re.compile(r"\beyJ[\w-]{16,}+(?:\.[\w-]*+){0,2}+|\bQVdTOmV5[\w+/-]{16,}+={0,2}+"), MARKER),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    (re.compile(r"(?<![A-Za-z0-9])A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,}+"), MARKER),
    # Session tokens begin like this; no source but their looks.
    (re.compile(r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9/+=%]*+"), MARKER),
    # A secret access key without a label: 40 characters of Base64. (A SHA-1 is as long, but in lower case.)
    (
        re.compile(
            r"(?<![A-Za-z0-9/+])(?=[^A-Z]{0,39}[A-Z])(?=[^a-z]{0,39}[a-z])(?=[^0-9]{0,39}[0-9])"
            r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
        ),
        MARKER,
    ),
)


def redacted(line: str, limit: int = LINE_CHARACTERS) -> str:
    """The line without its secrets, printable, in at most `limit` characters."""
    text = line[:_READ_CHARACTERS]
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    if len(line) > _READ_CHARACTERS:
        text = text[:-_EDGE_CHARACTERS] + "…"
    # Escapes make it longer, never shorter, so that the slice is enough for the cut.
    return cut(printable(text[: limit + 1]), limit)


def redacted_lines(lines: Iterable[str], limit: int = LINE_CHARACTERS) -> tuple[str, ...]:
    """Each line redacted; of a private key over several lines nothing but markers is left."""
    shown: list[str] = []
    inside = False
    for line in lines:
        inside = inside and bool(_KEY_BODY.match(line))
        shown.append(MARKER if inside else redacted(line, limit))
        inside = (inside or bool(_KEY_BEGINS.search(line))) and not _KEY_ENDS.search(line)
    return tuple(shown)
