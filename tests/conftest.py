"""In which order the tests run, and what they need not pay for."""

import gc
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A busy machine is no counterexample, and a failure must come again.
settings.register_profile("pulse", deadline=None, derandomize=True)
settings.load_profile("pulse")

LONG = {
    f"test_{name}.py"
    for name in (
        "faults",
        "permissions",
        "chaos",
        "image",
        "claim_machine",
        "kill_points",
        "kept_seeds",
        "mutants",
    )
}
"""Thousands of times through the same code: what comes last is what another process waits for, and counting
lines makes them twice as long.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, then those that deploy, which wait more than they compute."""
    for item in items:
        if item.path.name in LONG:
            item.add_marker("long")
    items.sort(key=lambda item: (item.path.name not in LONG, item.get_closest_marker("local") is None))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Beside pytest-cov's `no_cover`, which has no effect in the processes of pytest-xdist."""
    tracer = sys.gettrace()
    if item.path.name in LONG:
        sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """What is left at the end of a file stays: nothing looks for garbage in it again."""
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()
