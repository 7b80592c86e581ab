"""JSON for a terminal, and the files that people print there: nothing in them is obeyed by a terminal."""

import json

from hypothesis import example, given
from hypothesis import strategies as st
from recursive_training.results import files

from pulse.cli import output
from pulse.cli.client import follow
from pulse.domain.fault import printable_json

HOSTILE = "a\x1b[2J\x9b31m\u202eb\u2028c\u0085d\u200b\u2066\x7f\ud800\U000e0001 é 日本"
TEXTS = st.text(st.characters(), max_size=20)
VALUES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)


def is_harmless(text: str) -> bool:
    return all(c == "\n" or c.isprintable() for c in text)


@given(VALUES, st.sampled_from([None, 2]))
@example({HOSTILE: [HOSTILE]}, 2)
def test_should_print_only_what_is_printable_and_lose_nothing(value, indent):
    text = printable_json(value, indent)
    assert is_harmless(text)
    assert json.loads(text) == value


def test_should_leave_letters_of_any_script():
    assert printable_json(["é 日本 \U0001f389"]) == '["é 日本 \U0001f389"]'


def test_should_escape_what_json_output_holds(capsys):
    output.as_json({"dataset": HOSTILE})
    follow.print_line_as_json({"at": "2026-03-02T09:30:00Z", "text": HOSTILE})
    printed = capsys.readouterr().out
    assert is_harmless(printed)
    assert "é 日本" in printed
    assert printed.count(r"\u202e") == 2


@given(TEXTS)
@example(HOSTILE)
def test_should_escape_what_a_run_writes_as_json(name):
    written = files.as_json({"variables": {name: {"trust": 0.5}}})
    assert is_harmless(written.decode())
    assert json.loads(written) == {"variables": {name: {"trust": 0.5}}}
