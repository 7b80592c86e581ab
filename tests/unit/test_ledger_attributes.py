"""The ledger's attributes are those that boto3 makes."""

from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from pulse.aws.ledger.attributes import attribute, plain

numbers = st.one_of(
    st.integers(-(10**30), 10**30),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6),
)
leaves = st.one_of(st.text(max_size=20), st.booleans(), st.none(), numbers)
values = st.recursive(
    leaves,
    lambda one: st.one_of(st.lists(one, max_size=4), st.dictionaries(st.text(max_size=5), one)),
    max_leaves=12,
)


def as_python(value):
    """What boto3 read, with numbers as the domain has them."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: as_python(one) for name, one in value.items()}
    return [as_python(one) for one in value] if isinstance(value, list) else value


@given(values)
def test_should_make_what_boto3_makes_of_a_value(value):
    assert attribute(value) == TypeSerializer().serialize(value)


@given(values)
def test_should_read_what_boto3_reads(value):
    written = TypeSerializer().serialize(value)
    assert plain(written) == as_python(TypeDeserializer().deserialize(written))


@pytest.mark.parametrize(
    ("value", "written"), [(0.1, "0.1"), (1e-7, "1E-7"), (185.0, "185.0"), (-2.5, "-2.5")]
)
def test_should_write_a_float_as_it_is_read(value, written):
    assert attribute(value) == {"N": written}
    assert plain({"N": written}) == value


@pytest.mark.parametrize(("written", "kind"), [("1", int), ("1.0", int), ("1E+2", int), ("1.5", float)])
def test_should_read_a_whole_number_as_an_int(written, kind):
    assert type(plain({"N": written})) is kind


def test_should_keep_a_boolean_apart_from_a_number():
    assert attribute(True) == {"BOOL": True}  # noqa: FBT003
    assert attribute((1, True)) == {"L": [{"N": "1"}, {"BOOL": True}]}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("-Infinity"), {1}, b"", object()])
def test_should_refuse_what_no_ledger_has(value):
    with pytest.raises(TypeError, match="has no place in the ledger"):
        attribute([value])


@pytest.mark.parametrize("value", [10**39 + 1, Decimal("1E127"), Decimal("1E-200")])
def test_should_refuse_a_number_that_dynamodb_would_change(value):
    with pytest.raises(ArithmeticError):
        attribute(value)


@pytest.mark.parametrize("kind", ["SS", "B"])
def test_should_refuse_an_attribute_of_another_type(kind):
    with pytest.raises(TypeError, match=kind):
        plain({kind: "x"})
