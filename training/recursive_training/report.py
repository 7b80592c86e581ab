"""report.html: one page, no script, nothing loaded from elsewhere; jinja2 escapes every value."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from recursive_training import charts
from recursive_training.options import Options
from recursive_training.outcome import Outcome
from recursive_training.retrodiction import INTERVAL_LEVEL

_RECENT_WINDOWS = 12
_UNREADABLE = 1e12  # from here on a number is written with its power of ten
_CRITERIA = {
    "beats-persistence": "its mean absolute error was smaller than that of repeating the last known value",
    "beats-baselines": "its mean absolute error was smaller than that of persistence and of seasonal-naive",
    "within-interval": f"at least {INTERVAL_LEVEL:.0%} of its observations lay inside the interval",
}


def render(metrics: dict[str, Any], outcomes: Sequence[Outcome], options: Options) -> bytes:
    """The page as UTF-8, from metrics.json's content and the windows."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "signed": signed, "share": lambda value: f"{value:.0%}"}
    return (
        environment.get_template("report.html")
        .render(
            metrics=metrics,
            options=options,
            success=_CRITERIA[options.success_criterion],
            level=INTERVAL_LEVEL,
            width=charts.WIDTH,
            height=charts.HEIGHT,
            variables=[_variable(outcome) for outcome in outcomes],
        )
        .encode()
    )


def number(value: float | None) -> str:
    """Four significant digits, thousands apart, or a dash."""
    if value is None:
        return "–"
    if abs(value) >= _UNREADABLE:
        return f"{value:.3e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"  # noqa: PLR2004 - four digits


def signed(value: float | None) -> str:
    """A skill as a percentage with its sign, or a dash."""
    return "–" if value is None else f"{value:+.1%}"


def _variable(outcome: Outcome) -> dict[str, Any]:
    recent = outcome.parts[-_RECENT_WINDOWS:]
    return {
        "name": outcome.name,
        "scores": outcome.scores,
        "trust": outcome.trust,
        "season": outcome.season,
        "first": str(outcome.parts[0].times[0].astype("datetime64[D]")),
        "last": str(outcome.parts[-1].times[-1].astype("datetime64[D]")),
        "whole": charts.chart(outcome.parts),
        "recent": charts.chart(recent) if len(outcome.parts) > _RECENT_WINDOWS else None,
        "recent_windows": len(recent),
        "trust_path": charts.trust_path(outcome, charts.WIDTH, 80),
        "marks": [
            {"success": success, "start": str(part.window.start.astype("datetime64[D]"))}
            for part, success in zip(outcome.parts, outcome.successes, strict=True)
        ],
    }
