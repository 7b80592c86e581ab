"""An alert as an e-mail through SNS: plain text, aligned for reading.

SNS takes a subject of at most 100 ASCII characters without line breaks:
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

import textwrap

from pulse.domain.alert import Alert
from pulse.domain.text_table import aligned

SUBJECT_CHARACTERS = 100
_WIDTH = 78
_CUT = "..."


def subject(alert: Alert) -> str:
    """The outcome first: it is what a person reads in a list of mails."""
    text = f"[{alert.kind}] {alert.headline}"
    ascii_only = text.encode("ascii", "replace").decode()
    line = " ".join(ascii_only.split())
    return line if len(line) <= SUBJECT_CHARACTERS else line[: SUBJECT_CHARACTERS - len(_CUT)] + _CUT


def body(alert: Alert) -> str:
    """Headline, reason, facts in two columns, the table, what was left out, what to do next, links."""
    parts = [
        alert.headline,
        _wrapped(alert.reason),
        _columns(alert),
        aligned(alert.table, indent="  "),
        _left_out(alert),
        _next(alert),
        _links(alert),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _wrapped(text: str) -> str:
    """Lines of at most 78 characters; a name longer than that stays whole, so that it can be copied."""
    return "\n".join(
        textwrap.fill(
            line,
            _WIDTH,
            subsequent_indent="  " if line.startswith("- ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.splitlines()
    )


def _columns(alert: Alert) -> str:
    width = max((len(fact.label) for fact in alert.facts), default=0)
    return "\n".join(f"  {fact.label:<{width}}  {fact.value}" for fact in alert.facts)


def _left_out(alert: Alert) -> str:
    if not alert.left_out:
        return ""
    return "Left out\n" + textwrap.indent(_wrapped("\n".join(f"- {s}" for s in alert.left_out)), "  ")


def _next(alert: Alert) -> str:
    return "What to do next\n" + textwrap.indent(_wrapped(alert.next_step), "  ")


def _links(alert: Alert) -> str:
    return "\n".join(f"{link.label}:\n  {link.url}" for link in alert.links)
