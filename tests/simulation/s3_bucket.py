"""Amazon S3: buckets with and without versions, and the events of what is put into them.

Strongly consistent: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import md5
from typing import Any

from tests.simulation.account import ACCOUNT, REGION
from tests.simulation.kernel import START, Kernel
from tests.simulation.mishaps import delay_seconds, happens

OnCreated = Callable[[dict[str, Any]], None]
"""Takes an "Object Created" event as EventBridge gives it."""

TWICE_SHARE = 0.01
MOST_KEYS = 1000
_USUAL_SECONDS, _LONGEST_SECONDS = 1.5, 120.0


@dataclass(frozen=True)
class Version:
    """One version of an object, or the marker of its deletion. `id` is `null` without versioning."""

    id: str
    body: bytes
    etag: str
    modified_at: datetime
    is_marker: bool = False


class Bucket:
    """A bucket. `on_created` is handed an event for each object put into it."""

    def __init__(
        self, kernel: Kernel, name: str, *, versioned: bool = False, on_created: OnCreated | None = None
    ) -> None:
        self.name = name
        self.versioned = versioned
        self.on_created = on_created
        self._kernel = kernel
        self._versions: dict[str, list[Version]] = {}
        self._keys: list[str] = []
        self._puts: Counter[str] = Counter()

    def put(self, key: str, body: bytes) -> Version:
        """Writes an object. The id of its version depends on its key and on how often it was written."""
        self._puts[key] += 1
        return self._store(key, body, "PutObject")

    def get(self, key: str, version_id: str = "") -> Version | None:
        """The object as it is, or a version of it; None when it does not exist or was deleted."""
        versions = self._versions.get(key, ())
        if not version_id:
            newest = versions[-1] if versions else None
            return None if newest is None or newest.is_marker else newest
        return next((one for one in versions if one.id == version_id), None)

    def delete(self, key: str) -> Version | None:
        """Deletes an object. Where there are versions, they stay, below the marker that is returned."""
        if self.get(key) is None:
            return None
        self._keys.pop(bisect_left(self._keys, key))
        if not self.versioned:
            del self._versions[key]
            return None
        self._puts[key] += 1
        marker = Version(self._version_id(key), b"", "", self._time(), is_marker=True)
        self._versions[key].append(marker)
        return marker

    def keys(self, prefix: str = "", after: str = "", most: int = MOST_KEYS) -> list[str]:
        """The first keys under a prefix and beyond `after`, sorted."""
        start = max(bisect_left(self._keys, prefix), bisect_right(self._keys, after) if after else 0)
        found = self._keys[start : start + most]
        return [key for key in found if key.startswith(prefix)]

    def _store(self, key: str, body: bytes, reason: str) -> Version:
        version = Version(
            self._version_id(key) if self.versioned else "null",
            body,
            md5(body, usedforsecurity=False).hexdigest(),
            self._time(),
        )
        if self.get(key) is None:
            insort(self._keys, key)
        if self.versioned:
            self._versions.setdefault(key, []).append(version)
        else:
            self._versions[key] = [version]
        if self.on_created:
            self._announce(key, version, reason, self.on_created)
        return version

    def _version_id(self, key: str) -> str:
        named = (self.name, key, self._puts[key])
        return f"{self._kernel.drawn('version', *named):016x}{self._kernel.drawn('version', *named, 2):016x}"

    def _announce(self, key: str, version: Version, reason: str, on_created: OnCreated) -> None:
        kernel, named = self._kernel, (self.name, key, self._puts[key])
        event = self._event(key, version, reason, f"{kernel.drawn('object created', *named):016x}")
        for time in range(2 if happens(kernel, TWICE_SHARE, "announced twice", *named) else 1):
            wait = delay_seconds(kernel, _USUAL_SECONDS, _LONGEST_SECONDS, "announced", *named, time)
            kernel.after(wait, lambda: on_created(event))

    def _event(self, key: str, version: Version, reason: str, id_: str) -> dict[str, Any]:
        """The event, whose sequencer grows with each write of a key."""
        named: dict[str, Any] = {"version-id": version.id} if self.versioned else {}
        return {
            "version": "0",
            "id": id_,
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": ACCOUNT,
            "time": f"{version.modified_at:%Y-%m-%dT%H:%M:%SZ}",
            "region": REGION,
            "resources": [f"arn:aws:s3:::{self.name}"],
            "detail": {
                "version": "0",
                "bucket": {"name": self.name},
                "object": {
                    "key": key,
                    "size": len(version.body),
                    "etag": version.etag,
                    **named,
                    "sequencer": f"{int(START.timestamp()):010X}{self._puts[key]:08X}",
                },
                "request-id": id_.upper(),
                "requester": ACCOUNT,
                "source-ip-address": "203.0.113.7",
                "reason": reason,
            },
        }

    def _time(self) -> datetime:
        return START + timedelta(seconds=int(self._kernel.now))
