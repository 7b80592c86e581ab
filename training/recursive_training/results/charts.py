"""Geometry of the report's charts: numbers in, SVG path data and tick positions out.

Markup is the template's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recursive_training.model.retrodiction import Retrodiction
from recursive_training.results.outcome import Outcome
from recursive_training.series import Numbers, Times

WIDTH, HEIGHT = 1000, 260  # user units of the plot area
_MOST_POINTS = 700
_GAP_DAYS = 12  # a line is not drawn over a longer silence, unless the data are sparser than that
_FEW_WINDOWS = 24  # up to here each window is seen by itself: marked, and its lines not joined to the next's
_DASH = np.array(
    [-4.0, 4.0]
)  # user units: from end to end of what is drawn where an observation stands alone
_DAY = np.timedelta64(1, "D")
_LEAST_BEFORE, _PERIODS_BEFORE = 30, 3  # of observations and of periods, before what comes next


@dataclass(frozen=True)
class Tick:
    """`at`: user units from the left (time) or the top (value)."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """Paths in user units. `band` is closed, around the interval; the others are open lines."""

    actual: str
    retrodicted: str
    band: str
    time_ticks: list[Tick]
    value_ticks: list[Tick]
    window_starts: list[float]


@dataclass(frozen=True)
class Mark:
    """One window's success or failure. `at` and `width`: user units from the left."""

    at: float
    width: float
    success: bool
    label: str


@dataclass(frozen=True)
class Dot:
    """User units from the left and the top."""

    x: float
    y: float


@dataclass(frozen=True)
class RankingChart:
    """`one`: where the value 1 lies, from the top; None when it is not on the chart."""

    dots: list[Dot]
    value_ticks: list[Tick]
    one: float | None


def chart(parts: Sequence[Retrodiction]) -> Chart:
    """Actual against retrodicted with its interval, over the windows given; thinned to 700 points."""
    times = np.concatenate([part.times for part in parts])
    kept = np.arange(len(times)) % -(-len(times) // _MOST_POINTS) == 0
    window = np.repeat([part.window.index for part in parts], [len(part.times) for part in parts])
    few = len(parts) <= _FEW_WINDOWS
    if few:
        kept |= np.diff(window, prepend=-1) != 0  # none is thinned away
    named = {
        name: np.concatenate([getattr(part, name) for part in parts])[kept]
        for name in ("actual", "retrodicted", "lower", "upper")
    }
    times = times[kept]
    low = float(min(values.min() for values in named.values()))
    high = float(max(values.max() for values in named.values()))
    start, end = times[0], max(times[-1], times[0] + _DAY)
    x = WIDTH * ((times - start) / (end - start))

    def y(values: Numbers) -> Numbers:
        return HEIGHT * (1 - (values - low) / ((high - low) or 1.0))

    runs = _runs(times)
    apart = runs
    if few:
        apart = np.split(np.arange(len(times)), np.flatnonzero(np.diff(window[kept])) + 1)
    return Chart(
        actual=" ".join(_line(x[run], y(named["actual"][run])) for run in runs),
        retrodicted=" ".join(_line(x[run], y(named["retrodicted"][run])) for run in apart),
        band=" ".join(_closed(x[run], y(named["lower"][run]), y(named["upper"][run])) for run in apart),
        time_ticks=[
            Tick(WIDTH * float((t - start) / (end - start)), label) for t, label in _time_ticks(start, end)
        ],
        value_ticks=[Tick(float(y(np.array([v]))[0]), f"{v:,.10g}") for v in _round_values(low, high)],
        window_starts=[WIDTH * float((part.times[0] - start) / (end - start)) for part in parts]
        if few
        else [],
    )


def next_chart(
    parts: Sequence[Retrodiction], times: Times, middle: Numbers, ends: Sequence[Numbers]
) -> Chart:
    """What happened last, and behind it the forecast with its interval, whose `ends` are the lower and the
    upper one.
    """
    length = min(max(_LEAST_BEFORE, _PERIODS_BEFORE * len(times)), _MOST_POINTS)
    before = np.concatenate([part.times for part in parts])[-length:]
    known = np.concatenate([part.actual for part in parts])[-length:]
    low = float(min(known.min(), middle.min(), ends[0].min()))
    high = float(max(known.max(), middle.max(), ends[1].max()))
    start, end = before[0], max(times[-1], before[0] + _DAY)

    def x(moments: Times) -> Numbers:
        placed: Numbers = WIDTH * ((moments - start) / (end - start))
        return placed

    def y(values: Numbers) -> Numbers:
        return HEIGHT * (1 - (values - low) / ((high - low) or 1.0))

    return Chart(
        actual=" ".join(_line(x(before[run]), y(known[run])) for run in _runs(before)),
        retrodicted=_line(x(times), y(middle)),
        band=_closed(x(times), y(ends[0]), y(ends[1])),
        time_ticks=[Tick(float(x(np.array([t]))[0]), label) for t, label in _time_ticks(start, end)],
        value_ticks=[Tick(float(y(np.array([v]))[0]), f"{v:,.10g}") for v in _round_values(low, high)],
        window_starts=[float(x(times[:1])[0])],
    )


def trust_path(outcome: Outcome, width: float, height: float) -> str:
    """Trust after each window, 1 at the top, 0 at the bottom."""
    means = np.array([trust.mean for trust in outcome.trusts])
    return _line(np.linspace(0, width, len(means)), height * (1 - means))


def strip(outcome: Outcome) -> list[Mark]:
    """A mark for each window, side by side over the whole width, with a gap that shrinks as they do."""
    step = WIDTH / len(outcome.parts)
    return [
        Mark(
            place * step,
            step - min(1.0, step / 5),
            success,
            f"{part.window.start.astype('datetime64[D]')}: {'success' if success else 'failure'}",
        )
        for place, (part, success) in enumerate(zip(outcome.parts, outcome.successes, strict=True))
    ]


def ranking(values: Sequence[float | None]) -> RankingChart:
    """The values from left to right, the largest at the top; what has none lies at the bottom."""
    known = [value for value in values if value is not None] or [0.0]
    low, high = min(known), max(known)

    def y(value: float) -> float:
        return HEIGHT * (1 - (value - low) / ((high - low) or 1.0))

    return RankingChart(
        dots=[
            Dot(WIDTH * (place + 0.5) / len(values), HEIGHT if value is None else y(value))
            for place, value in enumerate(values)
        ],
        value_ticks=[Tick(y(value), f"{value:,.10g}") for value in _round_values(low, high)],
        one=y(1.0) if low <= 1 <= high else None,
    )


def _line(x: Numbers, y: Numbers) -> str:
    x, y = _drawable(x, y)
    return "M" + "L".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _closed(x: Numbers, lower: Numbers, upper: Numbers) -> str:
    x, lower, upper = _drawable(x, lower, upper)
    return _line(np.concatenate([x, x[::-1]]), np.concatenate([upper, lower[::-1]])) + "Z"


def _drawable(x: Numbers, *heights: Numbers) -> tuple[Numbers, ...]:
    """A single point as a dash: a path of one point is not drawn."""
    return (x, *heights) if len(x) > 1 else (x + _DASH, *(np.repeat(y, 2) for y in heights))


def _runs(times: Times) -> list[NDArray[np.int64]]:
    """Indexes of stretches without a long gap."""
    gaps = np.diff(times) / _DAY
    if len(gaps) == 0:
        return [np.arange(len(times))]
    longest = max(_GAP_DAYS, 3 * float(np.median(gaps)))
    return np.split(np.arange(len(times)), np.flatnonzero(gaps > longest) + 1)


def _time_ticks(start: np.datetime64, end: np.datetime64, most: int = 12) -> list[tuple[np.datetime64, str]]:
    """Firsts of years, of months, or days, whichever gives at most `most` ticks and at least two."""
    for unit, steps in (("D", (1, 2, 7, 14)), ("M", (1, 2, 3, 6)), ("Y", (1, 2, 5, 10, 20, 50))):
        for step in steps:
            first = start.astype(f"datetime64[{unit}]")
            if (end.astype(f"datetime64[{unit}]") - first).astype(int) > (most + 1) * step:
                continue
            moments = np.arange(first, end.astype(f"datetime64[{unit}]") + 1, step)
            inside = [m for m in moments if m >= start and m <= end]
            if len(inside) <= most:
                return [(m, str(m)) for m in inside]
    return []


def _round_values(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers between low and high: multiples of 1, 2 or 5 times a power of ten."""
    if high <= low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(float(power * m) for m in (1, 2, 5, 10) if power * m >= rough)
    return [float(v) + 0.0 for v in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step]  # no -0
