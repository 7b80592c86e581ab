"""Opens a file: the bytes of a CSV or a Parquet file become a frame with the file's own column names.

CSV cells stay text. What the columns mean is decided in tables.py.
"""

import csv
import gzip
import io
import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence

import polars as pl

from recursive_training.errors import UnreadableFileError

_GZIP = b"\x1f\x8b"
# The first bytes of what is no table, and what that is.
_KNOWN_STRANGERS = (
    (b"PK\x03\x04", "a zip archive (or a spreadsheet). Unpack it, or export it as CSV in UTF-8."),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard. Unpack it."),
    (b"\xff\xfe", "text in UTF-16. Save it in UTF-8."),
    (b"\xfe\xff", "text in UTF-16. Save it in UTF-8."),
    (b"%PDF", "a PDF. Load the table it shows as CSV in UTF-8."),
)
_BOM = b"\xef\xbb\xbf"
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_MISSING = ["", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "NaN", "nan", "-", "."]  # "." is FRED's
_MOST_NAMES = 20
_PIECE = 1 << 20  # bytes
_LONGEST_NAME = 60
_LOAD = "Load a Parquet file, or a CSV in UTF-8 with a header and commas."


def read_frame(payload: bytes, uri: str) -> pl.DataFrame:
    """Parquet (told by its first bytes) or CSV (UTF-8, comma, header; may be gzipped).

    Names are stripped and different from each other; a CSV's nameless column is called after its place.
    Raises UnreadableFileError.
    """
    payload = _unzipped(payload, uri)
    if payload.startswith(b"PAR1"):
        frame = _parquet(payload, uri)
        names = [name.strip() for name in frame.columns]
        _demand_differing(names, uri)
    else:
        payload, names = _header(payload, uri)
        _demand_differing(names, uri)
        frame = _csv(payload, names, uri)
    frame.columns = names
    return frame


def listed(names: Sequence[str]) -> str:
    """Column names for a message: the first 20, long ones cut."""
    shown = [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name in names]
    rest = len(shown) - _MOST_NAMES
    return ", ".join(shown[:_MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def _unzipped(payload: bytes, uri: str) -> bytes:
    if not payload.startswith(_GZIP):
        return payload
    try:
        return gzip.decompress(payload)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError(
            f"{uri} is a gzip file that cannot be unpacked ({error}). Load it again, whole."
        ) from error


def _parquet(payload: bytes, uri: str) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(payload))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise UnreadableFileError(
            f"{uri} cannot be read as Parquet: {_reason(error)}. It may have been cut short: load it again."
        ) from error


def _header(payload: bytes, uri: str) -> tuple[bytes, list[str]]:
    """The CSV in UTF-8 without what stands before the header, and the header's names."""
    payload = payload.removeprefix(_BOM).lstrip(b"\r\n")
    if not payload.strip():
        raise UnreadableFileError(f"{uri} is empty. {_LOAD}")
    for start, what in _KNOWN_STRANGERS:
        if payload.startswith(start):
            raise UnreadableFileError(f"{uri} cannot be read as CSV: it is {what}")
    if (place := _not_utf8(payload)) is not None:
        line = payload.count(b"\n", 0, place) + 1
        raise UnreadableFileError(f"{uri} cannot be read as CSV: line {line} is not UTF-8 text. {_LOAD}")
    if b"\x00" in payload:
        raise UnreadableFileError(f"{uri} cannot be read as CSV: it holds zero bytes, no text. {_LOAD}")
    if b"\n" not in payload:  # line ends of old Macintoshes
        payload = payload.replace(b"\r", b"\n")
    names = next(_rows(payload, uri))
    for separator, called in _OTHER_SEPARATORS.items():
        if len(names) == 1 and separator in names[0]:
            raise UnreadableFileError(
                f"{uri} cannot be read as CSV: {called} separate its columns. "
                "Write commas, and decimal points."
            )
    return payload, [name.strip() or f"column_{place}" for place, name in enumerate(names, start=1)]


def _not_utf8(payload: bytes) -> int | None:
    """Where the first byte stands that is not UTF-8; decoded piece by piece, as text is large."""
    decoder = getincrementaldecoder("utf-8")()
    for start in range(0, len(payload), _PIECE):
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(payload[start : start + _PIECE], final=start + _PIECE >= len(payload))
        except UnicodeDecodeError as error:
            return start - held + error.start
    return None


def _csv(payload: bytes, names: list[str], uri: str) -> pl.DataFrame:
    try:
        frame = pl.read_csv(io.BytesIO(payload), infer_schema=False, null_values=_MISSING)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise UnreadableFileError(
            f"{uri} cannot be read as CSV: {_longer_row(payload, names, uri) or _reason(error)}. {_LOAD}"
        ) from error
    if frame.width != len(names):
        raise UnreadableFileError(f"{uri} cannot be read as CSV: its header cannot be split. {_LOAD}")
    return frame


def _longer_row(payload: bytes, names: list[str], uri: str) -> str | None:
    for number, row in enumerate(_rows(payload, uri), start=1):
        if len(row) > len(names):
            return f"row {number} has {len(row)} cells, the header {len(names)}"
    return None


def _rows(payload: bytes, uri: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.TextIOWrapper(io.BytesIO(payload), encoding="utf-8", newline=""))
    except csv.Error as error:  # a cell of more than 128 KiB: a quote that is never closed
        raise UnreadableFileError(
            f"{uri} cannot be read as CSV: {error}. Look for a quote that is not closed."
        ) from error


def _demand_differing(names: list[str], uri: str) -> None:
    if len(set(names)) < len(names):
        twice = listed(sorted({name for name in names if names.count(name) > 1}))
        raise UnreadableFileError(
            f"{uri}: two columns have one name, {twice} (columns: {listed(names)}). Rename one."
        )


def _reason(error: BaseException) -> str:
    """The first line of what Polars says, without its full stop."""
    return str(error).strip().split("\n", maxsplit=1)[0].rstrip(". ")
