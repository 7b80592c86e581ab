"""What a training run reports in its metrics.json, as far as people are told of it."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from pulse.domain.parsing.json_bounds import LARGEST, bounded, is_too_deep
from pulse.domain.request.parameters import Value
from pulse.domain.s3.layout import METRICS
from pulse.domain.training import warnings as run_warnings
from pulse.domain.training.definition import Metrics

MAX_METRICS_BYTES = 4 * 1024 * 1024
MAX_VALUES = 100
_METRIC = re.compile(r"[A-Za-z_][A-Za-z0-9_@./-]{0,63}\Z")


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
    values: dict[str, float] = {}
    mean_mase: float | None = None
    mean_trust: float | None = None
    mean_skill: float | None = None
    results: str | None = None


class TrainingMetrics(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`cpu_seconds`: user and system, of all containers of the run; the peak is that of the largest one.

    `values`: what a described training measured, by name; it has no `variables`.

    `ranking` is a sweep's, the best first; the rest is then the best one's. `warnings`: the first 20 of
    `warnings_count` sentences that a person must read first, without secrets.
    """

    variables: dict[str, VariableMetrics] = {}
    values: dict[str, float] = {}
    period: Period = Period()
    windows: int | None = None
    peak_memory_mib: float | None = None
    cpu_seconds: float | None = None
    data: Data | None = None
    ranking: tuple[Ranked, ...] = ()
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    warnings_count: int = 0


class _RankedChild(Struct, frozen=True, kw_only=True):
    """As sidecar/ writes it."""

    rank: int
    index: int
    parameters: dict[str, Value] = {}
    metrics: dict[str, float] = {}
    results: str = ""

    def ranked(self) -> Ranked:
        return Ranked(
            rank=self.rank,
            index=self.index,
            options=self.parameters,
            values=self.metrics,
            results=self.results,
        )


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


def parse_values(body: bytes, metrics: Metrics) -> TrainingMetrics | None:
    """The metrics in the file of a described training: the numbers of an object, those of its headline first;
    None when it is no object. Of a sweep, the winner's, with its ranking. What is no number of a metric is
    left out, and a warning says so.
    """
    try:
        decoded = msgspec.json.decode(body, type=dict[str, Any])
        if is_too_deep(decoded):
            return None
        written, beyond = bounded(decoded)
        ranked = msgspec.convert(written.pop("ranking", ()), tuple[_RankedChild, ...])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    warned = written.pop("warnings", None)
    values, others = _values(
        {name: value for name, value in written.items() if name not in beyond}, metrics.headline
    )
    warnings = run_warnings.parse(warned, (*_left_out(beyond, metrics.file), *others))
    missing = [name for name in metrics.headline if name not in values]
    if missing:
        named = ", ".join(missing)
        told = f"{metrics.file} has no number {named}, which training.yaml names as its headline."
        kept = warnings.sentences[: run_warnings.MOST_KEPT - 1]
        warnings = run_warnings.RunWarnings((told, *kept), warnings.total + 1)
    return TrainingMetrics(
        values=values,
        ranking=tuple(one.ranked() for one in ranked),
        warnings=warnings.sentences,
        warnings_count=warnings.total,
    )


def _values(written: dict[str, Any], headline: Sequence[str]) -> tuple[dict[str, float], tuple[str, ...]]:
    """The numbers, and a sentence on what is none."""
    found = {
        name: float(value)
        for name, value in written.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and _METRIC.match(name)
    }
    first = {name: found[name] for name in headline if name in found}
    kept = first | dict(list(found.items())[:MAX_VALUES])
    others = len(written) - len(found)
    more = len(found) - len(kept)
    counted = ((others, "that are no numbers are"), (more, "more are"))
    sentences = [f"Of its metrics {count} {what} not shown here." for count, what in counted if count > 0]
    return kept, tuple(sentences)


def _left_out(beyond: Sequence[str], file: str = METRICS) -> tuple[str, ...]:
    if not beyond:
        return ()
    what = "1 number is" if len(beyond) == 1 else f"{len(beyond)} numbers are"
    which = f"{beyond[0]}, …" if beyond[1:] else beyond[0]
    return (f"In its {file} {what} beyond {LARGEST:.0e} and not used: {which}.",)
