"""The order of the tests: what takes longest comes first, so that of several workers none ends last."""

import pytest

FIRST = ("tests/local/test_permissions", "tests/local/test_faults", "tests/local/", "tests/localaws/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((place for place, path in enumerate(FIRST) if item.nodeid.startswith(path)), len(FIRST))
