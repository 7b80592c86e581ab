"""Text from bytes: in UTF-8, UTF-16 or UTF-32, with a byte order mark or without."""

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),  # Windows editors write it
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
"""Byte order marks, the longer first."""
_ZEROS: dict[tuple[bool, ...], str] = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, True): "utf-16-le",
}
"""Which of the first four bytes are zero when a text begins with ASCII, as JSON does. UTF-8 has none there:
https://datatracker.ietf.org/doc/html/rfc4627#section-3
"""


class NotText(ValueError):
    """Raised when bytes are not text in one of these encodings; the message says what they are, where they
    stop to be text, and what to do.
    """


def decode_text(content: bytes) -> str:
    """The text without its byte order mark. Raises NotText."""
    mark, encoding = next(
        (found for found in _MARKS if content.startswith(found[0])),
        (b"", _ZEROS.get(_zeros(content), "utf-8")),
    )
    text = content[len(mark) :]
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            name = encoding[:6].upper()
            at = len(mark) + error.start + 1
            raise NotText(f"it is text in {name} up to byte {at}: save it in UTF-8") from error
        line, byte = text.count(b"\n", 0, error.start) + 1, text[error.start]
        raise NotText(
            f"line {line} is not UTF-8 text, because of the byte 0x{byte:02X} (it may be Latin-1 or "
            "Windows-1252): save it in UTF-8"
        ) from error


def _zeros(content: bytes) -> tuple[bool, ...]:
    return tuple(byte == 0 for byte in content[:4])
