import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.domain.parsing.encoding import NotText, decode_text

UNICODE = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "utf-32-be",
]


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("text", ["{}", '{"tags": {"Größe": "数据 🚀"}}', "profile: small\n"])
def test_should_read_text_in_any_unicode_encoding(text, encoding):
    assert decode_text(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"\xfe\xff", "utf-16-be"), (b"\x00\x00\xfe\xff", "utf-32-be")]
)
def test_should_read_a_byte_order_mark_of_the_other_order(mark, encoding):
    assert decode_text(mark + "{}".encode(encoding)) == "{}"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{\n"a": 1,\n"b": "caf\xe9"}', "line 3 is not UTF-8 text, because of the byte 0xE9"),
        (b"\xef\xbb\xbf\xff", "line 1 is not UTF-8 text, because of the byte 0xFF"),
        ("{}".encode("utf-16") + b"\x00", "it is text in UTF-16 up to byte 7: save it in UTF-8"),
        ("{}".encode("utf-16-be") + b"\xd8\x00", "it is text in UTF-16 up to byte 5: save it in UTF-8"),
        ("{}".encode("utf-32-le")[:-1], "it is text in UTF-32 up to byte 5: save it in UTF-8"),
    ],
)
def test_should_say_where_text_ends_and_what_to_do(content, told):
    with pytest.raises(NotText) as raised:
        decode_text(content)
    assert told in str(raised.value)
    assert "save it in UTF-8" in str(raised.value)


@given(st.binary(max_size=40))
def test_should_give_text_or_a_reason_for_any_bytes(content):
    try:
        told = decode_text(content)
    except NotText as error:
        told = str(error)
    assert isinstance(told, str)
