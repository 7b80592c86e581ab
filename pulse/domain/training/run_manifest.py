"""manifest.json, as far as it vouches for a run's other files."""

from hashlib import sha256

import msgspec
from msgspec import Struct

MAX_MANIFEST_BYTES = 4 * 1024 * 1024


class _Object(Struct):
    key: str
    sha256: str


class _Written(Struct):
    objects: tuple[_Object, ...]


class _Manifest(Struct):
    written: _Written


def contradicts(manifest: bytes, key: str, body: bytes) -> bool:
    """Whether a manifest names another content for this key; one that is malformed or silent names none."""
    try:
        objects = msgspec.json.decode(manifest, type=_Manifest).written.objects
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    named = {one.sha256 for one in objects if one.key == key}
    return bool(named) and sha256(body).hexdigest() not in named
