"""The quick conversion of items gives what boto3's gives."""

from decimal import Decimal

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.items import deserialize, serialize

numbers = st.one_of(
    st.integers(-(10**30), 10**30),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6),
)
plain = st.one_of(st.text(max_size=20), st.booleans(), st.none(), numbers)
values = st.recursive(
    plain,
    lambda one: st.one_of(st.lists(one, max_size=4), st.dictionaries(st.text(max_size=5), one)),
    max_leaves=12,
)


@given(values)
def test_the_quick_conversion_gives_what_boto3s_gives(value):
    attribute = serialize(value)
    assert attribute == TypeSerializer().serialize(value)
    assert deserialize(attribute) == TypeDeserializer().deserialize(attribute)


def test_numbers_keep_their_type():
    assert isinstance(deserialize({"N": "1"}), Decimal)
