"""Reads a Parquet file column by column where it must: what one column cannot be read for is that column's
matter.

https://parquet.apache.org/docs/file-format/metadata/
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from recursive_training.errors import UnreadableFileError
from recursive_training.resources import memory_bytes

MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"
_ARROW_SCHEMA = b"ARROW:schema"
"""The key under which writers of Arrow keep its types; what the file says without it is Parquet's own."""
_NO_SCHEMA = b"ARROW_schema"
_ARROW_TYPES = re.compile(rb"ARROW:schema\x18[\x80-\xff]*[\x00-\x7f]([A-Za-z0-9+/=\s]+)")
_FIXED_OFFSET = re.compile(rb"(?<![\w:.+-])[+-]\d{2}:?\d{2}(?![\d:])|FixedOffset")
"""Time zones that are no names, which Polars does not read. An instant in Parquet is in UTC whatever its
zone.
"""
_VALUE_BYTES = 8
_PLAUSIBLE_VALUES_A_BYTE = 100
"""Values declared for each byte of the file. What passes this and does not fit into memory is no data set."""
_FAILURES = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)


@dataclass(frozen=True)
class ParquetTable:
    """`refused` names columns that could not be read, with the reason."""

    frame: pl.DataFrame
    refused: Mapping[str, str]


def read_parquet(payload: bytes, uri: str) -> ParquetTable:
    """All columns that can be read. Raises UnreadableFileError when none can, or when the file declares far
    more than its bytes can hold.
    """
    if payload.endswith(_ENCRYPTED):
        raise UnreadableFileError(f"{uri} is an encrypted Parquet file. Load it without encryption.")
    if _has_fixed_offset(payload):
        payload = _without_arrow_schema(payload)
    try:
        _demand_plausible(payload, uri)
        return ParquetTable(pl.read_parquet(payload), {})
    except _FAILURES as error:
        return _column_by_column(_without_arrow_schema(payload), uri, error)


def _demand_plausible(payload: bytes, uri: str) -> None:
    scan = pl.scan_parquet(payload)
    rows = int(scan.select(pl.len()).collect().item())
    columns = len(scan.collect_schema())
    values, memory = rows * columns, memory_bytes()
    if values > _PLAUSIBLE_VALUES_A_BYTE * len(payload) and values * _VALUE_BYTES > memory / 2:
        raise UnreadableFileError(
            f"{uri} declares {rows:,} rows of {columns:,} columns in {len(payload):,} bytes. To read them "
            f"takes {values * _VALUE_BYTES / 2**30:,.0f} GiB, and this container has {memory / 2**30:,.1f}. "
            "Load a smaller table, or a container with more memory."
        )


def _column_by_column(payload: bytes, uri: str, first_error: BaseException) -> ParquetTable:
    try:
        schema = pl.read_parquet_schema(payload)
    except _FAILURES:
        raise UnreadableFileError(
            f"{uri} cannot be read as Parquet: {reason(first_error)}. It may have been cut short: load it "
            "again."
        ) from first_error
    columns, refused = [], {}
    for name, kind in schema.items():
        try:
            columns.append(pl.read_parquet(payload, columns=[name]).to_series())
        except _FAILURES as error:
            refused[name] = _why(kind, error)
    if not columns:
        first = next(iter(refused.values()), reason(first_error))
        raise UnreadableFileError(f"{uri} cannot be read as Parquet: {first}. Load it again, whole.")
    return ParquetTable(pl.DataFrame(columns), refused)


def _why(kind: pl.DataType, error: BaseException) -> str:
    if isinstance(kind, pl.Decimal) and (kind.precision or 0) > 38:  # noqa: PLR2004 - 128 bits
        return (
            f"its numbers are decimals of {kind.precision} digits, and at most 38 can be read: write float64"
        )
    return f"its type {kind} cannot be read here ({reason(error)}): write it as float64 or text"


def reason(error: BaseException) -> str:
    """What a library says, as a clause: its first line, and nothing of a panic."""
    text = str(error).strip()
    if zone := re.search(r"unable to parse time zone: '([^']*)'", text):
        return f"its time zone {zone[1]!r} is not known; write UTC"
    if isinstance(error, pl.exceptions.PanicException):
        return "its content does not fit its own description"
    return text.split("\n", maxsplit=1)[0].rstrip(". ")


def _has_fixed_offset(payload: bytes) -> bool:
    found = _ARROW_TYPES.search(_footer(payload))
    if found is None:
        return False
    try:
        types = base64.b64decode(found[1] + b"=" * (-len(found[1]) % 4))
    except (binascii.Error, ValueError):
        return False
    return _FIXED_OFFSET.search(types) is not None


def _without_arrow_schema(payload: bytes) -> bytes:
    """The file with the key renamed, by as many bytes, so that Parquet's own types count."""
    footer = _footer(payload)
    at = len(payload) - 8 - len(footer)
    return payload[:at] + footer.replace(_ARROW_SCHEMA, _NO_SCHEMA) + payload[len(payload) - 8 :]


def _footer(payload: bytes) -> bytes:
    """The metadata before the length in four bytes and the magic at the end; empty where there is none."""
    if len(payload) < 12 or not payload.endswith(MAGIC):  # noqa: PLR2004 - magic, length, magic
        return b""
    length = int.from_bytes(payload[-8:-4], "little")
    return payload[-8 - length : -8] if length <= len(payload) - 12 else b""
