"""The local inbox: where the e-mails and Slack messages of this instance arrive, for a person and for a
program.
"""

from pathlib import Path

from localaws.inbox.store import Inbox
from localaws.layout import Layout

__all__ = ["Inbox", "box", "open_box"]

_open: list[Inbox] = []


def open_box(root: Path) -> Inbox:
    """Opens the inbox of the instance in `root`; the server does so once, before it serves."""
    _open[:] = [Inbox(Layout(root).inbox)]
    return _open[0]


def box() -> Inbox:
    """The server's inbox."""
    return _open[0]
