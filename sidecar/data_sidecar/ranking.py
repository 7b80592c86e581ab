"""The children of a sweep by a metric, best first: as a value, and as a page."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from data_sidecar.settings import Rank
from data_sidecar.sweep import Value, text_of

REPORT = "report.html"
MOST_BYTES = 4 * 1024 * 1024
"""Pulse reads no metrics.json that is longer (pulse/domain/training/metrics.py)."""
_MOST_WARNINGS = 20
_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid #ccc; text-align: left; }
td { font-variant-numeric: tabular-nums; }
"""


@dataclass(frozen=True)
class Child:
    """`metrics`: the finite numbers of its file; `results`: the S3 URI of its folder."""

    index: int
    parameters: Mapping[str, Value]
    metrics: Mapping[str, float]
    results: str


def numbers(payload: bytes) -> dict[str, float]:
    """The finite numbers of a metrics file, by name; none of what is no JSON object."""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {name: value for name, value in document.items() if _is_number(value)}


def rank(children: Sequence[Child], how: Rank) -> list[Child]:
    """The best first, equal ones by index; those without the metric last."""
    sign = -1 if how.better == "higher" else 1

    def order(child: Child) -> tuple[bool, float, int]:
        value = child.metrics.get(how.by)
        return value is None, sign * (value or 0.0), child.index

    return sorted(children, key=order)


def metrics(ranked: Sequence[Child], how: Rank) -> str:
    """The winner's metrics with the ranking, as JSON: as much of it as Pulse reads."""
    warnings = _without(ranked, how)
    text = _document(ranked, None, warnings)
    most = len(ranked)
    while len(text) > MOST_BYTES and most:
        told = f"All of it is too long for one file: the ranking has the best {most}, with {how.by} alone."
        text = _document(ranked[:most], [how.by], [told, *warnings])
        most //= 2
    return text


def report(ranked: Sequence[Child], how: Rank, run: str) -> str:
    """One HTML file without a script; names and values are escaped."""
    names = list(ranked[0].parameters)
    measured = [how.by, *sorted({name for child in ranked for name in child.metrics} - {how.by})]
    head = ["Rank", "Child", *names, *measured]
    rows = [
        [str(i), str(one.index), *(text_of(one.parameters[n]) for n in names)]
        + [f"{one.metrics[name]:.6g}" if name in one.metrics else "–" for name in measured]
        for i, one in enumerate(ranked, start=1)
    ]
    warnings = "".join(f"<p>{escape(warning)}</p>\n" for warning in _without(ranked, how))
    title = f"Sweep {escape(run)}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f"<style>\n{_STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        f"<p>{len(ranked)} combinations by {escape(how.by)}, {how.better} is better.</p>\n{warnings}"
        f"<table><thead>{_line('th', head)}</thead>\n<tbody>\n"
        + "\n".join(_line("td", row) for row in rows)
        + "\n</tbody></table></body></html>\n"
    )


def _document(ranked: Sequence[Child], names: Sequence[str] | None, warnings: Sequence[str]) -> str:
    rows = [_row(place, one, names) for place, one in enumerate(ranked, start=1)]
    document = {**ranked[0].metrics, "ranking": rows, "warnings": warnings}
    # In ASCII: a character is a byte, and none is one that a terminal obeys.
    return json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n"


def _row(place: int, child: Child, names: Sequence[str] | None) -> dict[str, Any]:
    wanted = child.metrics if names is None else {n: child.metrics[n] for n in names if n in child.metrics}
    return {
        "rank": place,
        "index": child.index,
        "parameters": child.parameters,
        "metrics": wanted,
        "results": child.results,
    }


def _without(ranked: Sequence[Child], how: Rank) -> list[str]:
    """A warning for each child without the metric: the first few, and how many more there are."""
    found = [
        f"Child {child.index} has no finite number {how.by} in its {how.file}, and is ranked last."
        for child in ranked
        if how.by not in child.metrics
    ]
    more = len(found) - _MOST_WARNINGS
    return found[:_MOST_WARNINGS] + ([f"And {more} more children have none."] if more > 0 else [])


def _line(cell: str, texts: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts) + "</tr>"


def _is_number(value: object) -> bool:
    """A float holds it: an integer of 400 digits is none that anybody can compare."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False
