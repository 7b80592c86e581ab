"""Series whose law is known: what an interval must cover, and where nothing can be forecast."""

from collections.abc import Callable, Mapping

import numpy as np
from recursive_training.series import Numbers, Series

Draw = Callable[[int, np.random.Generator], Numbers]


def _prices(changes: Numbers) -> Numbers:
    return 100 * np.exp(np.cumsum(changes))


def _autoregressive(count: int, random: np.random.Generator) -> Numbers:
    noise, values = random.normal(0, 1, count + 60), np.zeros(count + 60)
    for i in range(1, count + 60):
        values[i] = 0.9 * values[i - 1] + noise[i]
    return 100 + values[60:]


def _garch(count: int, random: np.random.Generator) -> Numbers:
    variance, changes = 1e-4, []
    for noise in random.normal(0, 1, count + 100):
        changes.append(np.sqrt(variance) * noise)
        variance = 2e-6 + 0.1 * changes[-1] ** 2 + 0.88 * variance
    return _prices(np.array(changes[100:]))


def _seasonal(count: int, random: np.random.Generator) -> Numbers:
    start = random.integers(7)
    week = np.array([0.0, 1, 2, 3, 2, -4, -5])[(np.arange(count) + start) % 7]
    return 50 + week + random.normal(0, 1, count)


KINDS: Mapping[str, Draw] = {
    "random walk": lambda count, random: _prices(random.normal(0, 0.01, count)),
    "AR(1)": _autoregressive,
    "GARCH": _garch,
    "t3": lambda count, random: _prices(0.006 * random.standard_t(3, count)),
    "seasonal": _seasonal,
    "trend": lambda count, random: 100 + 0.3 * np.arange(count) + random.normal(0, 2, count),
    "counts": lambda count, random: random.poisson(5, count).astype(float),
}


def daily(values: Numbers) -> Series:
    days = np.arange(len(values)) * np.timedelta64(1, "D")
    return Series("x", np.datetime64("2010-01-01", "us") + days, np.asarray(values, float))
