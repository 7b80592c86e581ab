"""Parts of an alert in Slack's mrkdwn, escaped and cut. Which of them a message has is for the renderings.

https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

from pulse.domain.alerts.alert import Alert, Fact, Link
from pulse.domain.text.table import aligned

LABEL_CHARACTERS = 40
VALUE_CHARACTERS = 200
"""The limit for a fact: Slack takes 2,000, but none is worth that many."""
TABLE_CHARACTERS = 1400
LOG_CHARACTERS = 1200
LINKS_CHARACTERS = 1600
_SEPARATOR = "  ·  "
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escaped(text: str, limit: int) -> str:
    """Slack's three entities, so that a name can be neither a link nor a mention; at most `limit` characters,
    never cut within an entity.
    """
    whole = text.translate(_ENTITIES)
    if len(whole) <= limit:
        return whole
    room, kept = limit - 1, []
    for piece in (character.translate(_ENTITIES) for character in text):
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + "…"


def code(text: str) -> str:
    """In one line; a backtick within it would end it."""
    return "`" + text.replace("`", "'") + "`"


def label(shown: Fact) -> str:
    """In bold."""
    return f"*{escaped(shown.label, LABEL_CHARACTERS)}*"


def fact(shown: Fact) -> str:
    """The label in bold, and the value as code, in which nothing formats."""
    return f"{label(shown)}  {code(escaped(shown.value, VALUE_CHARACTERS))}"


def table(alert: Alert) -> str:
    """As code, which keeps its columns; empty when there is none."""
    return _block(aligned(alert.table), TABLE_CHARACTERS) if alert.table else ""


def log(alert: Alert) -> str:
    """As much of the end as fits, because there the reason stands; empty when there is none."""
    room, kept = LOG_CHARACTERS, list[str]()
    for line in reversed(alert.log):
        room -= len(escaped(line, LOG_CHARACTERS)) + 1
        if kept and room < 0:
            break
        kept.append(line)
    text = "\n".join(reversed(kept))
    return f"*Last lines of its log*\n{_block(text, LOG_CHARACTERS)}" if text.strip() else ""


def links(alert: Alert) -> str:
    """Those that fit, the short ones before the long: half an address leads nowhere, and Slack refuses a
    message with too long a text.
    """
    links = [_link(link) for link in alert.links]
    room, fitting = LINKS_CHARACTERS, set()
    for text in sorted(links, key=len):
        room -= len(text) + len(_SEPARATOR)
        if room >= 0:
            fitting.add(text)
    return _SEPARATOR.join(text for text in links if text in fitting)


def _link(link: Link) -> str:
    """`<url|label>`: neither sign may be in the address."""
    address = link.url.replace("&", "&amp;").replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")
    return f"<{address}|{escaped(link.label, LABEL_CHARACTERS)}>"


def _block(text: str, limit: int) -> str:
    """Only three backticks end it, and one at its end would be taken for part of them."""
    return "```\n" + escaped(text.replace("```", "'''"), limit) + "\n```"
