"""JSON that people write, and the request files that they really have."""

import json
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.domain.parsing.json_text import NotJson, decode, is_blank
from pulse.domain.validation import InvalidInput

REQUEST = """{
 "dataset": "datasets/uploads/market_daily.csv",
 "profile": "small",
 "variables": [
  "spx_close"
 ],
 "start_date": "2021-01-01"
}"""


def faults(text):
    with pytest.raises(InvalidInput) as raised:
        decode(text.encode())
    return [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_should_read_a_request_in_any_unicode_encoding(encoding):
    assert decode(REQUEST.encode(encoding)) == json.loads(REQUEST)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"// my run\n{REQUEST}", "line 1, column 1: Expecting value"),
        (f"{REQUEST}\n{REQUEST}", "line 9, column 1: Extra data"),
        (REQUEST.replace('"', "'"), "line 2, column 2: Expecting property name enclosed in double quotes"),
        (
            REQUEST.replace('"', "\u201c"),
            "line 2, column 2: Expecting property name enclosed in double quotes",
        ),
        (
            REQUEST.replace('01-01"', '01-01",'),
            "line 8, column 1: Expecting property name enclosed in double",
        ),
        ("profile: small\n", "line 1, column 1: Expecting value"),
        ('{"attempts": 1e999}', "Number out of range"),
        ("[" * 100_000, "it has more than 100 levels"),
        ("[" * 980 + "]" * 980, "it has more than 100 levels"),
        ('{"a": 1, "a": ' + "[" * 980 + "]" * 980 + "}", "it has more than 100 levels"),
        ("", "line 1, column 1: Expecting value"),
    ],
    ids=[
        "comment",
        "lines",
        "single",
        "typographic",
        "comma",
        "YAML",
        "number",
        "levels",
        "980 levels",
        "levels twice",
        "empty",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_should_say_where_it_is_no_json(text, told, encoding):
    with pytest.raises(NotJson) as raised:
        decode(text.encode(encoding))
    assert told in str(raised.value)


def test_should_say_that_it_is_not_utf_8():
    with pytest.raises(NotJson, match="line 3 is not UTF-8 text"):
        decode(REQUEST.replace("small", "gr\xf6\xdfer").encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"profile": "small", "attempts": 1, "profile": "large"}',
            ["profile: allowed is each field once; found 'small' and then 'large' on line 1"],
        ),
        (
            '{\n"profile": "small",\n"profile": "large"\n}',
            ["profile: allowed is each field once; found 'small' on line 2 and 'large' on line 3"],
        ),
        (
            '{"sweep":\n{"batch_size_days": [7, 30],\n"batch_size_days": [14]}}',
            ["sweep.batch_size_days: allowed is each field once; found [7, 30] on line 2 and [14] on line 3"],
        ),
        (
            '{"depends_on": ["a", {"job_id": "b", "type": "N_TO_N", "job_id": "c"}]}',
            ["depends_on[1].job_id: allowed is each field once; found 'b' and then 'c' on line 1"],
        ),
        (
            '{"tags": {"Team": "}", "Team": "\\",{\\""}, "tags": {}}',
            [
                "tags.Team: allowed is each field once; found '}' and then '\",{\"' on line 1",
                "tags: allowed is each field once; found {'Team': '\",{\"'} and then {} on line 1",
            ],
        ),
        ('{"a": 1, "\\u0061": 2}', ["a: allowed is each field once; found 1 and then 2 on line 1"]),
        ('{"a": 1, "a": 2, "a": 3}', ["a: allowed is each field once; found 1 and then 3 on line 1"]),
        ('{"a": 1, "a": 1}', ["a: allowed is each field once; found 1 and then 1 on line 1"]),
        (
            '[{"a": 1}, {"a": 2, "a": {}}]',
            ["[1].a: allowed is each field once; found 2 and then {} on line 1"],
        ),
    ],
)
def test_should_refuse_a_field_that_is_named_twice_with_both_values(text, told):
    assert faults(text) == told


def test_should_tell_a_handful_and_how_many_more_of_thousands_of_fields_that_are_named_twice():
    began = time.perf_counter()
    told = faults("[" + ",".join(['{"a": 1, "a": 2}'] * 20_000) + "]")
    assert time.perf_counter() - began < 5
    assert len(told) == 6
    assert told[-1].endswith("… and 19,995 more")


def test_should_keep_a_message_short_however_deep_the_field_lies():
    (told,) = faults("[" * 90 + '{"a": 1, "a": 2}' + "]" * 90)
    assert len(told) < 300


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_should_decode_whatever_names_each_field_once(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert decode(text.encode("utf-8")) == msgspec.json.decode(text)


@given(st.dictionaries(st.text(max_size=3), VALUES, min_size=1, max_size=3), VALUES)
def test_should_find_any_field_that_is_named_twice(value, other):
    name = next(iter(value))
    text = json.dumps(value)[:-1] + f", {json.dumps(name)}: {json.dumps(other)}}}"
    with pytest.raises(InvalidInput) as raised:
        decode(text.encode())
    assert len(raised.value.faults) == 1
    assert str(raised.value.faults[0]).isprintable()


@pytest.mark.parametrize("content", [b"", b" \r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff\xfe \x00"])
def test_should_know_a_blank_file(content):
    assert is_blank(content)


@pytest.mark.parametrize("content", [b"{}", b"\xff", b"\x00", "0".encode("utf-16")])
def test_should_know_a_file_that_is_not_blank(content):
    assert not is_blank(content)
