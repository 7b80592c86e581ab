"""What a training run reports in its metrics.json, as far as people are told of it."""

import msgspec
from msgspec import Struct


class VariableMetrics(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`trust` and `coverage` are shares from 0 to 1; skills are 1 at best, 0 as good as the baseline."""

    trust: float | None = None
    skill_vs_persistence: float | None = None
    skill_vs_seasonal_naive: float | None = None
    mase: float | None = None
    coverage: float | None = None
    windows: int | None = None


class Period(Struct, frozen=True):
    start: str = ""
    end: str = ""


class TrainingMetrics(Struct, frozen=True, kw_only=True, omit_defaults=True):
    variables: dict[str, VariableMetrics] = {}
    period: Period = Period()
    windows: int | None = None
    peak_memory_mib: float | None = None
    left_out: tuple[str, ...] = ()


def parse(body: bytes) -> TrainingMetrics | None:
    """The metrics in a metrics.json; None when it is not one."""
    try:
        return msgspec.json.decode(body, type=TrainingMetrics)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
