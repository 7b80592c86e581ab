"""An alert as an e-mail through SNS: plain text, aligned for reading.

SNS takes a subject of less than 100 ASCII characters without control characters:
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

import textwrap
from collections.abc import Sequence

from pulse.domain.alerts.alert import Alert, shortened
from pulse.domain.fault import printable
from pulse.domain.text.table import aligned
from pulse.domain.training.warnings import HEADING

SUBJECT_CHARACTERS = 99
_WIDTH = 78
_ELLIPSIS = "..."


def subject(alert: Alert) -> str:
    """The kind first, and whether there are warnings: it is what a person reads in a list of mails."""
    text = f"[{alert.title}] {alert.headline}".replace("…", _ELLIPSIS)
    line = printable(" ".join(text.encode("ascii", "replace").decode().split()))
    room = SUBJECT_CHARACTERS - len(_ELLIPSIS) + 1
    return line if len(line) <= SUBJECT_CHARACTERS else shortened(line, room).replace("…", _ELLIPSIS)


def body(alert: Alert) -> str:
    """In the order in which a person reads; a part that has nothing to say is left out."""
    parts = [
        alert.headline,
        _list(HEADING, alert.read_first),
        _wrapped(alert.reason),
        aligned(alert.table, indent="  "),
        _next(alert),
        _log(alert),
        _columns([(fact.label, fact.value) for fact in (*alert.facts, *alert.names)]),
        _list("Left out", alert.left_out),
        _links(alert),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _wrapped(text: str) -> str:
    return "\n".join(_filled(line, "  " if line.startswith("- ") else "") for line in text.splitlines())


def _filled(line: str, hanging: str) -> str:
    """In lines of at most 78 characters; a name longer than that stays whole, so that it can be copied."""
    return textwrap.fill(
        line, _WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )


def _columns(pairs: Sequence[tuple[str, str]]) -> str:
    width = max((len(label) for label, _ in pairs), default=0)
    return "\n".join(f"  {label:<{width}}  {value}" for label, value in pairs)


def _next(alert: Alert) -> str:
    step = "What to do next\n" + textwrap.indent(_wrapped(alert.next_step), "  ")
    commands = _columns([(command.label, command.line) for command in alert.commands])
    return f"{step}\n\n{commands}" if commands else step


def _log(alert: Alert) -> str:
    lines = "\n".join(_filled(line, "  ") for line in alert.log)
    return "Last lines of its log\n" + textwrap.indent(lines, "    ") if lines.strip() else ""


def _list(heading: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    return f"{heading}\n" + textwrap.indent(_wrapped("\n".join(f"- {s}" for s in sentences)), "  ")


def _links(alert: Alert) -> str:
    return "\n".join(f"{link.label}:\n  {link.url}" for link in alert.links)
