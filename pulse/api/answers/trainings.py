"""What the HTTP API tells of the trainings that requests can name."""

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import field

from pulse.api.answers.submissions import Answer
from pulse.domain.training.definition import RETRODICTION, Training


class OfferedTraining(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """`parameters`: the JSON Schema of each, by its name; `required`: those without a default. `sweep`: those
    that a request may sweep. `headline`: the metrics by which people judge a run, the most important first;
    `better`: in which direction. `suffixes`: how the names of its data sets end, if not as those of tables.
    """

    name: str
    help: str = ""
    needs_data: bool = True
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    sweep: tuple[str, ...] = ()
    headline: tuple[str, ...] = ()
    better: dict[str, Literal["higher", "lower"]] = field(default_factory=dict)
    suffixes: tuple[str, ...] = ()
    profile: str = ""


class Trainings(Answer, frozen=True, kw_only=True):
    """Retrodiction, whose parameters are fields of the request, and those that a training.yaml describes."""

    trainings: tuple[OfferedTraining, ...]


OURS = OfferedTraining(
    name=RETRODICTION,
    help="Pulse's own, for a request that names none. Its parameters are fields of the request.",
    headline=("trust", "skill"),
    better={"trust": "higher", "skill": "higher"},
)


def trainings(described: Iterable[Training]) -> Trainings:
    return Trainings(trainings=(OURS, *(_offered(one) for one in described)))


def _offered(one: Training) -> OfferedTraining:
    swept = tuple(one.parameters) if one.sweep is None else one.sweep
    return OfferedTraining(
        name=one.name,
        help=one.help,
        needs_data=one.data != "none",
        parameters={name: parameter.schema() for name, parameter in one.parameters.items()},
        required=tuple(name for name, parameter in one.parameters.items() if parameter.is_required),
        sweep=swept if one.metrics and one.has_folder else (),
        headline=one.metrics.headline if one.metrics else (),
        better=one.metrics.better if one.metrics else {},
        suffixes=one.suffixes,
        profile=one.profile or "",
    )
