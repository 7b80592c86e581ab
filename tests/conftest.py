"""In which order the tests run."""

import pytest

LONG = {f"test_{name}.py" for name in ("faults", "permissions", "chaos", "claim_machine", "kill_points")}
"""Minutes each: what comes last is what a second process waits for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, then those that deploy, which wait more than they compute."""
    items.sort(key=lambda item: (item.path.name not in LONG, item.get_closest_marker("local") is None))
