"""The keys of one instance: root's access key, and the word in the addresses of its own pages.

They are drawn when the instance is made and lie in its folder, which only its owner can read. Whoever has
them can do everything here, and so run code as the owner.
"""

import json
import secrets
import string
from dataclasses import asdict, dataclass

from localaws.errors import NoKeys
from localaws.layout import Layout
from localaws.state import private

_ID_LETTERS = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Keys:
    access_key_id: str
    secret_access_key: str
    page_token: str
    """Part of the path of every page of ours: a browser or a webhook can send no signature."""


def drawn() -> Keys:
    """Keys of a new instance, in AWS's forms and lengths, with no character that a shell or a URL changes."""
    key_id = "AKIA" + "".join(secrets.choice(_ID_LETTERS) for _ in range(16))
    return Keys(key_id, secrets.token_urlsafe(30), secrets.token_urlsafe(24))


def ensure(layout: Layout) -> None:
    """Draws the instance's keys unless it has some."""
    if not layout.keys.exists():
        private.write(layout.keys, json.dumps(asdict(drawn())))


def read(layout: Layout) -> Keys:
    """Raises NoKeys."""
    try:
        return Keys(**json.loads(layout.keys.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise NoKeys(layout.root, error) from None
