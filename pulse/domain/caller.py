"""Who asked: the ARN that signed a call, and what it has in common with others."""

import re

from pulse.domain.fault import cut, printable

MAX_CHARACTERS = 400
"""More than the ARN of a role's session has: 64 characters of either name, 512 of a path are seldom."""
CANCELLED_THROUGH_PULSE = "Cancelled through Pulse"
"""How the reason begins that AWS Batch keeps of a job which was cancelled through Pulse."""
_SESSION = re.compile(r"^(arn:[^:]*:sts::[0-9]*:assumed-role/[^/]+)/.*\Z", re.DOTALL)
_BY = re.compile(rf"{CANCELLED_THROUGH_PULSE} by (?P<who>\S+): ")


def role_of(arn: str) -> str:
    """The role of a role's session, as STS names it; any other ARN as it is."""
    return _SESSION.sub(r"\1", arn)


def known_as(arn: str) -> list[str]:
    """Under which names the jobs of a caller are found: the ARN itself, and of a session its role's."""
    return list(dict.fromkeys([arn, role_of(arn)])) if arn else []


def shown_arn(arn: str) -> str:
    """As it is kept and shown: printable, bounded."""
    return cut(printable(arn), MAX_CHARACTERS)


def cancellation(arn: str, reason: str, most: int) -> str:
    """What AWS Batch is told, in at most `most` characters: its answer tells who cancelled a job, and so does
    the event of its end.
    """
    who = f" by {shown_arn(arn).replace(' ', '_')}" if arn else ""
    return cut(f"{CANCELLED_THROUGH_PULSE}{who}: {printable(reason)}", most)


def cancelled_by(status_reason: str) -> str:
    """Who cancelled a job through Pulse, by what AWS Batch says of its end; empty where nobody is named."""
    found = _BY.match(status_reason)
    return found["who"] if found else ""
