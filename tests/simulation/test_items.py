"""Items are read once."""

from tests.simulation.items import Once


def test_an_item_is_read_once_and_another_item_is_read():
    read = Once(lambda item: [item["name"]])
    one, other = {"name": 1}, {"name": 1}
    assert read(one) is read(one)
    assert read(other) is not read(one)
