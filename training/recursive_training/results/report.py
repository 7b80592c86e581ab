"""report.html, of a run or of a sweep: one page, no script, nothing loaded from elsewhere.

jinja2 escapes every value.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from recursive_training.model import judgement
from recursive_training.model.retrodiction import INTERVAL_LEVEL
from recursive_training.model.scores import StepScores
from recursive_training.options import Options
from recursive_training.results import charts
from recursive_training.results.outcome import Outcome

if TYPE_CHECKING:
    from jinja2 import Environment

_RECENT_WINDOWS = 12
_MOST_BYTES = 3_500_000  # of what is drawn; the table of 1,000 variables is another half a million
_SIZE = {"width": charts.WIDTH, "height": charts.HEIGHT}
_UNREADABLE = 1e12  # from here on a number is written with its power of ten
_CRITERIA = {
    "beats-persistence": "its mean absolute error was smaller than that of repeating the last known value",
    "beats-baselines": "its mean absolute error was smaller than that of persistence and of seasonal-naive",
    "within-interval": f"at least {INTERVAL_LEVEL:.0%} of its observations lay inside the interval",
}


def render(
    metrics: dict[str, Any],
    outcomes: Sequence[Outcome],
    forecasts: Sequence[pl.DataFrame],
    options: Options,
) -> bytes:
    """The page as UTF-8, from metrics.json's content, the windows and the next period of each variable.

    All variables are in its table; drawn are as many as the page has room for, from both ends of the skill.
    """
    environment = _environment()
    section, room = environment.get_template("variable.html"), _MOST_BYTES
    drawn: dict[int, str] = {}
    for index in _from_both_ends([outcome.judgement.skill or 0.0 for outcome in outcomes]):
        values = _variable(outcomes[index], forecasts[index])
        text = section.render(v=values, index=index, level=INTERVAL_LEVEL, **_SIZE)
        room -= len(text.encode())
        if room < 0 and drawn:
            break
        drawn[index] = text
    return _page(
        environment,
        "report.html",
        metrics=metrics,
        options=options,
        success=_CRITERIA[options.success_criterion],
        level=INTERVAL_LEVEL,
        outcomes=outcomes,
        sections=dict(sorted(drawn.items())),
    )


def _from_both_ends(skills: Sequence[float]) -> list[int]:
    """The places of the highest, the lowest, the second highest, and so on."""
    ranked = sorted(range(len(skills)), key=lambda index: -skills[index])
    pairs = zip(ranked, reversed(ranked), strict=True)
    return list(dict.fromkeys(chain.from_iterable(pairs)))


def render_ranking(
    head: Mapping[str, str],
    ranking: Sequence[Mapping[str, Any]],
    names: list[str],
    best: Mapping[str, Any],
) -> bytes:
    """The page of a sweep as UTF-8.

    `head`: job_id and ranked_by. `ranking`: summary.json's, and `report`, where each one's report is.
    `names`: of the options that were swept. `best`: the metrics.json of the first.
    """
    chart = charts.ranking([row["mean_mase"] for row in ranking])
    return _page(_environment(), "ranking.html", head=head, rows=ranking, names=names, best=best, chart=chart)


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only wanted at the end

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "signed": signed,
        "share": lambda value: f"{value:.0%}",
        "listed": lambda value: ", ".join(value) or "all" if isinstance(value, list) else value,
        "zip": zip,
    }
    return environment


def _page(environment: "Environment", template: str, **values: Any) -> bytes:
    page: str = environment.get_template(template).render(**_SIZE, **values)
    return page.encode()


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


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d}" if time.hour == time.minute == time.second == 0 else f"{time:%Y-%m-%d %H:%M}"


def _variable(outcome: Outcome, forecast: pl.DataFrame) -> dict[str, Any]:
    recent = outcome.parts[-_RECENT_WINDOWS:]
    return {
        "name": outcome.name,
        "scores": outcome.scores,
        "trust": outcome.trust,
        "season": outcome.season,
        "model": forecast["model"][0],
        "next": [
            forecast.row(step, named=True) | {"timestamp": _moment(forecast["timestamp"][step])}
            for step in sorted({0, (len(forecast) - 1) // 2, len(forecast) - 1})
        ],
        "ahead": charts.next_chart(
            outcome.parts,
            forecast["timestamp"].to_numpy().astype("datetime64[us]"),
            forecast["forecast"].to_numpy(),
            (forecast["lower"].to_numpy(), forecast["upper"].to_numpy()),
        ),
        "verdict": outcome.judgement.verdict,
        "believed": judgement.credible_interval(outcome.trust),
        "first": str(outcome.parts[0].times[0].astype("datetime64[D]")),
        "last": str(outcome.parts[-1].times[-1].astype("datetime64[D]")),
        "whole": charts.chart(outcome.parts),
        "recent": charts.chart(recent) if len(outcome.parts) > _RECENT_WINDOWS else None,
        "recent_windows": len(recent),
        "trust_path": charts.trust_path(outcome, charts.WIDTH, 80),
        "marks": charts.strip(outcome),
        "by_step": _by_step(outcome.by_step),
    }


def _by_step(scores: StepScores) -> list[dict[str, Any]]:
    firsts = [1, *(end + 1 for end in scores.to_step)]
    rows = zip(firsts, scores.to_step, scores.mae, scores.mae_persistence, scores.coverage, strict=False)
    return [
        {
            "steps": str(end) if first == end else f"{first} to {end}",
            "mae": mae,
            "mae_persistence": persistence,
            "coverage": coverage,
        }
        for first, end, mae, persistence, coverage in rows
    ]
