import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.domain.training.parameters import Parameter, faults_of, text_of, values_of
from pulse.domain.validation import collect

RATE = Parameter(type="number", minimum=0.0001, maximum=1, default=0.1)
DEPTH = Parameter(type="integer", minimum=1, maximum=12)
BOTH = {"rate": RATE, "depth": DEPTH}


def test_should_tell_every_fault_of_the_values_at_once():
    assert [str(fault) for fault in faults_of(BOTH, {"rate": 2, "dept": 3, "depth": 0})] == [
        "dept: allowed is only rate, depth; found 3",
        "rate: allowed is a number from 0.0001 to 1; found 2",
        "depth: allowed is an integer from 1 to 12; found 0",
    ]


def test_should_ask_for_a_parameter_without_a_default():
    assert [str(fault) for fault in faults_of(BOTH, {})] == [
        "depth: allowed is an integer from 1 to 12; found nothing, and it has no default"
    ]


@pytest.mark.parametrize(
    ("described", "takes", "refuses"),
    [
        ({"type": "integer"}, [0, -3, 3.0, 2**53], [3.5, "3", True, 2**53 + 1, 1e300, None]),
        ({"type": "number"}, [0, 0.5, -1e300], ["0.5", False, float("nan"), float("inf"), 10**20]),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, [0.5], [0, 1, 0.0]),
        ({"type": "number", "multipleOf": 0.1}, [0.3, 1], [0.35]),
        ({"type": "boolean"}, [True, False], [0, 1, "true"]),
        ({"type": "string"}, ["a b", "ü", "$(x)", "a-b"], ["-x", "a\nb", "\x1b[2J", "x" * 1025, 3]),
        ({"type": "string", "pattern": "^-?[a-z]+$", "maxLength": 3}, ["-a", "abc"], ["abcd", "A"]),
        ({"type": "string", "minLength": 2}, ["ab"], ["a"]),
        ({"type": "string", "enum": ["a", "-b"]}, ["a", "-b"], ["c", ""]),
        ({"type": "integer", "enum": [1, 2]}, [1, 2, 2.0], [3, True, 1.5]),
    ],
)
def test_should_take_what_its_words_of_json_schema_allow(described, takes, refuses):
    parameter, faults = collect(described, Parameter)
    assert faults == []
    assert [value for value in takes if not parameter.takes(value)] == []
    assert [value for value in refuses if parameter.takes(value)] == []


@pytest.mark.parametrize(
    ("described", "told"),
    [
        ({"type": "integer", "default": 0, "minimum": 1}, "default: allowed is an integer from 1; found 0"),
        ({"type": "boolean", "minimum": 1}, "minimum: allowed is nothing with type boolean; found 1.0"),
        ({"type": "string", "pattern": "("}, "pattern: allowed is a regular expression; found '('"),
        ({"type": "integer", "enum": ["a"]}, "enum[0]: allowed is an integer; found 'a'"),
        ({"type": "number", "multipleOf": 0}, "multipleOf: allowed is a number above 0; found 0.0"),
        ({"type": "float"}, "type: allowed is one of string, number, integer, boolean; found 'float'"),
    ],
)
def test_should_refuse_a_description_that_contradicts_itself(described, told):
    assert [str(fault) for fault in collect(described, Parameter)[1]] == [told]


@given(st.sampled_from([RATE, DEPTH]), st.floats() | st.integers() | st.text() | st.booleans())
def test_should_take_only_values_within_its_limits(parameter, value):
    if parameter.takes(value):
        assert not isinstance(value, bool | str)
        assert parameter.minimum <= value <= parameter.maximum
        assert float(text_of(values_of({"x": parameter}, {"x": value})["x"])) == value


def test_should_write_an_integer_without_a_fraction():
    assert text_of(values_of(BOTH, {"depth": 3.0})["depth"]) == "3"
