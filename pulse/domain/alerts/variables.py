"""The metrics that matter, as a table: each variable's, beside those of the run before."""

from pulse.domain.fault import cut, printable
from pulse.domain.text.metric import figure, metric
from pulse.domain.training.metrics import TrainingMetrics, VariableMetrics

MAX_VARIABLES = 20
LEGEND = "Trust and coverage go from 0 to 1; a skill above 0 beats persistence."
_NAME_CHARACTERS = 60
_VERDICTS, _VERDICT_CHARACTERS = 3, 120
_HEADER = ("variable", "trust", "skill", "MASE", "coverage")

Table = tuple[tuple[str, ...], ...]


def table(metrics: TrainingMetrics, previous: TrainingMetrics | None) -> Table:
    """A header and a row a variable, the most trusted first, at most MAX_VARIABLES. In parentheses behind
    trust and skill: by how much they changed since `previous`.
    """
    if metrics.values:
        return _values(metrics, previous)
    if not metrics.variables:
        return ()
    best = _ordered(metrics)
    rows = [_row(name, now, previous) for name, now in best[:MAX_VARIABLES]]
    if len(best) > MAX_VARIABLES:
        rows.append((f"and {len(best) - MAX_VARIABLES} more", "", "", "", ""))
    return (_HEADER, *rows)


def verdicts(metrics: TrainingMetrics) -> list[str]:
    """A sentence for each of the first variables of the table, and how many more there are."""
    judged = [(name, one.verdict) for name, one in _ordered(metrics) if one.verdict]
    sentences = [
        f"{_shown_name(name)} is {cut(printable(text), _VERDICT_CHARACTERS)}." for name, text in judged
    ]
    more = len(sentences) - _VERDICTS
    return [*sentences[:_VERDICTS], *([f"The report judges {more} more."] if more > 0 else [])]


def in_words_of(metrics: TrainingMetrics, previous: TrainingMetrics | None) -> str:
    """The first values of a described training, with their change."""
    before = previous.values if previous else {}
    first = list(metrics.values.items())[:_VERDICTS]
    return ", ".join(f"{name} {_figure(value, before.get(name))}" for name, value in first)


def _values(metrics: TrainingMetrics, previous: TrainingMetrics | None) -> Table:
    before = previous.values if previous else {}
    named = list(metrics.values.items())
    first = named[:MAX_VARIABLES]
    rows = [(name, _figure(value, before.get(name))) for name, value in first]
    more = len(named) - MAX_VARIABLES
    return (("metric", "value"), *rows, *([(f"and {more} more", "")] if more > 0 else []))


def _figure(value: float, before: float | None) -> str:
    return figure(value) + ("" if before is None else f" ({figure(value - before, '+')})")


def _ordered(metrics: TrainingMetrics) -> list[tuple[str, VariableMetrics]]:
    return sorted(metrics.variables.items(), key=lambda item: -(item[1].trust or 0))


def _shown_name(name: str) -> str:
    return cut(printable(name[:_NAME_CHARACTERS]), _NAME_CHARACTERS)


def _row(name: str, now: VariableMetrics, previous: TrainingMetrics | None) -> tuple[str, ...]:
    before = previous.variables.get(name) if previous else None
    return (
        _shown_name(name),
        _number(now.trust) + _change(now.trust, before.trust if before else None),
        _number(now.skill_vs_persistence, sign="+")
        + _change(now.skill_vs_persistence, before.skill_vs_persistence if before else None),
        _number(now.mase),
        _number(now.coverage),
    )


def _change(now: float | None, before: float | None) -> str:
    return "" if now is None or before is None else f" ({metric(now - before, '+')})"


def _number(value: float | None, sign: str = "") -> str:
    return "-" if value is None else metric(value, sign)
