"""What a training run reports in its metrics.json, as far as people are told of it."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from pulse.domain.parsing.json_bounds import LARGEST, bounded, is_too_deep
from pulse.domain.training import warnings as run_warnings

MAX_METRICS_BYTES = 4 * 1024 * 1024


class VariableMetrics(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`trust` and `coverage` are shares from 0 to 1; skills are 1 at best, 0 as good as the baseline.
    `verdict`: the training's own sentence on it, without a full stop; text from outside.
    """

    trust: float | None = None
    skill_vs_persistence: float | None = None
    skill_vs_seasonal_naive: float | None = None
    mase: float | None = None
    coverage: float | None = None
    windows: int | None = None
    verdict: str = ""


class Period(Struct, frozen=True):
    start: str = ""
    end: str = ""


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was read: bytes as stored in S3, rows of all files, columns of numbers (asked for or not)."""

    bytes: int | None = None
    rows: int | None = None
    columns: int | None = None


class Ranked(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One combination of a sweep. Means are over its variables; `results` is the S3 URI of its folder."""

    rank: int | None = None
    index: int | None = None
    options: dict[str, Any] = {}
    mean_mase: float | None = None
    mean_trust: float | None = None
    mean_skill: float | None = None
    results: str | None = None


class TrainingMetrics(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`cpu_seconds`: user and system, of all containers of the run; the peak is that of the largest one.

    `ranking` is a sweep's, the best first; the rest is then the best one's. `warnings`: the first 20 of
    `warnings_count` sentences that a person must read first, without secrets.
    """

    variables: dict[str, VariableMetrics] = {}
    period: Period = Period()
    windows: int | None = None
    peak_memory_mib: float | None = None
    cpu_seconds: float | None = None
    data: Data | None = None
    ranking: tuple[Ranked, ...] = ()
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    warnings_count: int = 0


def parse(body: bytes) -> TrainingMetrics | None:
    """The metrics in a metrics.json; None when it is not one. Malformed warnings, and numbers beyond all
    bounds, are no reason for that: they are left out, and a warning says so.
    """
    try:
        decoded = msgspec.json.decode(body, type=dict[str, Any])
        if is_too_deep(decoded):
            return None
        written, beyond = bounded(decoded)
        warnings = run_warnings.parse(written.pop("warnings", None), _left_out(beyond))
        written.pop("warnings_count", None)
        metrics = msgspec.convert(written, TrainingMetrics)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return structs.replace(metrics, warnings=warnings.sentences, warnings_count=warnings.total)


def _left_out(beyond: Sequence[str]) -> tuple[str, ...]:
    if not beyond:
        return ()
    what = "1 number is" if len(beyond) == 1 else f"{len(beyond)} numbers are"
    which = f"{beyond[0]}, …" if beyond[1:] else beyond[0]
    return (f"In its metrics.json {what} beyond {LARGEST:.0e} and not used: {which}.",)
