"""Submissions whose outcome was not seen: each with the Idempotency-Key it was sent under, in a small file.

The same request, run again within `KEPT`, is sent under the same key and so finds the first submission. Later
it counts as another one: a nightly job that was cut off must not stand for the next night's.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from pulse.cli import output
from pulse.domain.fault import printable

KEPT = timedelta(hours=12)


class Pending(Struct, frozen=True, kw_only=True):
    key: str
    asked_at: datetime
    found: bool = False
    """Whether an interrupted run left it."""


def folder(environment: Mapping[str, str] = os.environ) -> Path:
    """https://specifications.freedesktop.org/basedir-spec/latest/: relative paths do not count."""
    base = Path(environment.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "pulse" / "pending"


def file_of(url: str, request: Any, root: Path) -> Path:
    """`url` with the path that is called; `request` as JSON, whatever the order of its fields."""
    call = json.dumps([url, request], sort_keys=True)
    return root / f"{hashlib.sha256(call.encode('utf-8', 'surrogatepass')).hexdigest()}.json"


def take(file: Path, now: datetime, *, anew: bool = False) -> Pending:
    """What `file` holds, or a new key that it holds from then on; `anew`: a new key in any case.

    Where nothing can be stored, it warns and the key is good for this run only.
    """
    left = _read(file)
    if left and not anew and now - left.asked_at < KEPT:
        return left
    made = Pending(key=uuid.uuid4().hex, asked_at=now)
    try:
        if left:
            file.unlink(missing_ok=True)
        _write(file, made)
    except FileExistsError:
        # The same command began at the same moment, or what is there cannot be read.
        if theirs := _read(file):
            return theirs
        settle(file)
    except OSError as error:
        output.warn(
            f"{printable(str(file.parent))} cannot be written ({error.strerror}): should this run be "
            "interrupted, the same command would submit a second job. Give an --idempotency-key, or set "
            "XDG_CACHE_HOME."
        )
    return made


def settle(file: Path) -> None:
    """Nothing is pending any more."""
    with contextlib.suppress(OSError):
        file.unlink()


def _write(file: Path, made: Pending) -> None:
    """The whole content at once, and only where no file is."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, suffix=".new") as written:
        json.dump({"key": made.key, "asked_at": made.asked_at.isoformat()}, written)
        written.flush()
        os.link(written.name, file)


def _read(file: Path) -> Pending | None:
    try:
        content = json.loads(file.read_text())
        return Pending(
            key=str(content["key"]), asked_at=datetime.fromisoformat(content["asked_at"]), found=True
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
