"""Unpacks a compressed file, told by its first bytes and not by its name."""

import bz2
import gzip
import lzma
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import IO, Any

from recursive_training.data.names import is_table
from recursive_training.errors import UnreadableFileError
from recursive_training.resources import memory_bytes

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_ZIP = b"PK\x03\x04"
_PIECE = 1 << 24  # bytes
_DEEPEST = 3  # a compressed file in an archive, and one to spare
_PLAUSIBLE_RATIO = 200
"""Unpacked to packed bytes. Text of repeated numbers reaches about 100; what passes this and does not fit
into memory is no data set.
"""
_BROKEN = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstd.ZstdError, zipfile.BadZipFile)
_OPENERS: Mapping[bytes, tuple[str, Callable[[IO[bytes]], Any]]] = {
    b"\x1f\x8b": ("gzip", lambda packed: gzip.GzipFile(fileobj=packed)),
    b"\x28\xb5\x2f\xfd": ("Zstandard", zstd.ZstdFile),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
}


def unpack(payload: bytes, uri: str) -> bytes:
    """The bytes inside gzip, Zstandard, bzip2, xz, or a zip archive of one table; others as they are.

    Raises UnreadableFileError.
    """
    for _ in range(_DEEPEST):
        packed = next((opener for start, opener in _OPENERS.items() if payload.startswith(start)), None)
        if packed is not None:
            name, opener = packed
            payload = _read(opener(BytesIO(payload)), len(payload), name, uri)
        elif payload.startswith(_ZIP):
            payload = _table_of_archive(payload, uri)
        else:
            break
    return payload


def _read(stream: Any, packed_bytes: int, name: str, uri: str) -> bytes:
    pieces, size = [], 0
    most = max(_PLAUSIBLE_RATIO * packed_bytes, memory_bytes() // 2)
    try:
        with stream:
            while piece := stream.read(_PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise UnreadableFileError(
                        f"{uri} is a {name} file of {packed_bytes:,} bytes that unpacks to more than "
                        f"{most:,}. Load the table as it is, or in parts."
                    )
    except _BROKEN as error:
        raise UnreadableFileError(
            f"{uri} is a {name} file that cannot be unpacked ({error}). Load it again, whole."
        ) from error
    return b"".join(pieces)


def _table_of_archive(payload: bytes, uri: str) -> bytes:
    try:
        archive = zipfile.ZipFile(BytesIO(payload))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except _BROKEN as error:
        raise UnreadableFileError(
            f"{uri} is a zip archive that cannot be unpacked ({error}). Load it again, whole."
        ) from error
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise UnreadableFileError(
            f"{uri} is a spreadsheet (Excel or OpenDocument). Export it as CSV in UTF-8."
        )
    tables = [
        entry for entry in entries if is_table(entry.filename) and not entry.filename.startswith("__MACOSX/")
    ]
    if len(tables) != 1:
        found = ", ".join(sorted(entry.filename for entry in entries)[:5]) or "nothing"
        raise UnreadableFileError(
            f"{uri} is a zip archive with {len(tables)} tables in it ({found}). Load one table, or unpack it."
        )
    if tables[0].flag_bits & 1:
        raise UnreadableFileError(f"{uri} is a zip archive with a password. Unpack it.")
    try:
        stream: Any = archive.open(tables[0])
    except (*_BROKEN, NotImplementedError, RuntimeError) as error:
        raise UnreadableFileError(f"{uri} is a zip archive that cannot be unpacked ({error}).") from error
    return _read(stream, len(payload), "zip", uri)
