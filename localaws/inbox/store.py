"""Messages received, the newest last, kept in a file of JSON lines so that they survive a restart."""

import json
import threading
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

KEPT = 1000
"""The oldest of more messages than these are forgotten."""


@dataclass(frozen=True)
class Message:
    channel: Literal["email", "slack"]
    to: str
    subject: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    received_at: str = field(
        default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


class Inbox:
    """Thread-safe: SNS delivers from whatever thread published."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._messages = _read(file)
        self.revision = uuid.uuid4().hex
        """Changes with every change, for clients that ask often."""

    def receive_email(self, *, to: str, subject: str, text: str, attributes: dict[str, str]) -> Message:
        return self._add(Message("email", to, subject, text, attributes=attributes))

    def receive_slack(self, *, to: str, text: str, blocks: list[dict[str, Any]]) -> Message:
        header = next((block["text"]["text"] for block in blocks if block.get("type") == "header"), "")
        return self._add(Message("slack", to, header or text.partition("\n")[0], text, blocks=blocks))

    def messages(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(message) for message in self._messages]

    def clear(self) -> None:
        with self._lock:
            self._messages.clear()
            self._write()

    def _add(self, message: Message) -> Message:
        with self._lock:
            self._messages.append(message)
            if len(self._messages) > KEPT:
                del self._messages[:-KEPT]
                self._write()
            else:
                with self._file.open("a") as lines:
                    lines.write(json.dumps(asdict(message)) + "\n")
                self.revision = uuid.uuid4().hex
        return message

    def _write(self) -> None:
        self._file.write_text("".join(json.dumps(asdict(message)) + "\n" for message in self._messages))
        self.revision = uuid.uuid4().hex


def _read(file: Path) -> list[Message]:
    if not file.exists():
        return []
    messages = []
    for line in file.read_text().splitlines():
        try:
            messages.append(Message(**json.loads(line)))
        except (ValueError, TypeError):
            continue  # a line cut short by a crash
    return messages[-KEPT:]
