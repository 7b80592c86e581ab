"""The few numbers by which people judge a finished run, beside those of the run before it."""

from collections.abc import Iterable

from msgspec import Struct

from pulse.domain.text.metric import figure, metric
from pulse.domain.training.metrics import TrainingMetrics

_OURS = ("trust", "skill")


class HeadlineMetric(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number of a run, the mean of its variables, with that of the run it is compared to where both have
    the same variables.
    """

    name: str
    value: float
    before: float | None = None

    @property
    def change(self) -> float | None:
        return None if self.before is None else self.value - self.before

    def __str__(self) -> str:
        """Such as `skill +0.17 (+0.03)`: a skill has a sign, in brackets is the change."""
        if self.name not in _OURS:
            change = "" if self.change is None else f" ({figure(self.change, '+')})"
            return f"{self.name} {figure(self.value)}{change}"
        sign = "+" if self.name == "skill" else ""
        change = "" if self.change is None else f" ({metric(self.change, '+')})"
        return f"{self.name} {metric(self.value, sign)}{change}"


def headline(
    metrics: TrainingMetrics, before: TrainingMetrics | None, names: Iterable[str] = ()
) -> tuple[HeadlineMetric, ...]:
    """Trust and skill against persistence, or the metrics that a described training names; of a sweep those
    of its winner. Empty where a run reports none.
    """
    if metrics.values:
        then_values = before.values if before else {}
        return tuple(
            HeadlineMetric(name=name, value=metrics.values[name], before=then_values.get(name))
            for name in names
            if name in metrics.values
        )
    comparable = before is not None and before.variables.keys() == metrics.variables.keys()
    then = before if comparable else None
    named = {"trust": _trust(metrics), "skill": _skill(metrics)}
    earlier = {"trust": _trust(then), "skill": _skill(then)} if then else {}
    return tuple(
        HeadlineMetric(name=name, value=value, before=earlier.get(name))
        for name, value in named.items()
        if value is not None
    )


def in_words(found: Iterable[HeadlineMetric]) -> str:
    return ", ".join(map(str, found))


def _trust(metrics: TrainingMetrics) -> float | None:
    return _mean([one.trust for one in metrics.variables.values()])


def _skill(metrics: TrainingMetrics) -> float | None:
    return _mean([one.skill_vs_persistence for one in metrics.variables.values()])


def _mean(values: list[float | None]) -> float | None:
    """None where a variable has none: a mean of the rest would look better or worse than the run is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
