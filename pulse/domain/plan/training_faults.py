"""What a training takes of a request: its parameters, and none of the fields that are another training's."""

from collections.abc import Iterator, Mapping

from pulse.domain.fault import Fault, shown
from pulse.domain.request.arrays import Sweep
from pulse.domain.request.job_request import JobRequest
from pulse.domain.training.definition import RETRODICTION, Training
from pulse.domain.training.parameters import faults_of

_LONGEST_NAME = 255
"""Bytes, of a file's name on Linux."""
_RETRODICTION_FIELDS = (
    "variables",
    "missing_values",
    "id_columns",
    "start_date",
    "end_date",
    "batch_size_days",
    "use_dask",
    "dask_threads",
    "success_criterion",
    "model",
    "season",
    "shards",
)
"""Of a request: retrodiction's parameters, where they stood before there were trainings."""


def training_faults(request: JobRequest, trainings: Mapping[str, Training]) -> list[Fault]:
    """What is wrong with a request by the training that it names, everything at once."""
    if request.training in (None, RETRODICTION):
        return list(_of_retrodiction(request))
    training = trainings.get(request.training or "")
    if training is None:
        known = ", ".join(sorted({RETRODICTION, *trainings}))
        return [Fault("training", f"one of {known}", shown(request.training))]
    return [
        *_fields_of_another(request, training),
        *_dataset(request, training),
        *_parameters(request, training),
    ]


def _of_retrodiction(request: JobRequest) -> Iterator[Fault]:
    limit = f"nothing with the training {RETRODICTION}, whose parameters are fields of the request"
    if request.parameters:
        yield Fault("parameters", limit, shown(", ".join(request.parameters)))
    if request.sweep and request.sweep.parameters:
        yield Fault("sweep.parameters", limit, shown(", ".join(request.sweep.parameters)))


def _fields_of_another(request: JobRequest, training: Training) -> Iterator[Fault]:
    given = request.given()
    for name in _RETRODICTION_FIELDS:
        if name in given:
            limit = f"nothing with the training {training.name}: it is a field of {RETRODICTION}"
            yield Fault(name, limit, shown(given[name]))
    for name in (request.sweep or Sweep()).grid:
        limit = f"nothing with the training {training.name}; its own are swept below sweep.parameters"
        yield Fault(f"sweep.{name}", limit, shown(given["sweep"][name]))


def _dataset(request: JobRequest, training: Training) -> Iterator[Fault]:
    if training.data == "none":
        if request.dataset:
            yield Fault("dataset", f"nothing with the training {training.name}", shown(request.dataset))
    elif request.dataset is None:
        yield Fault("dataset", f"the key of a data set, which the training {training.name} needs", "nothing")
    elif training.has_folder and not _can_be_files(request.dataset):
        limit = "a key whose parts can be names of files: not empty, not . or .., at most 255 bytes"
        yield Fault("dataset", limit, shown(request.dataset))


def _can_be_files(key: str) -> bool:
    parts = key.rstrip("/").split("/")
    return all(part not in {"", ".", ".."} and len(part.encode()) <= _LONGEST_NAME for part in parts)


def _parameters(request: JobRequest, training: Training) -> Iterator[Fault]:
    swept = request.sweep.parameters if request.sweep else {}
    for fault in faults_of(
        training.parameters, request.parameters | {n: v[0] for n, v in swept.items() if v}
    ):
        if fault.field not in swept:
            yield fault.below("parameters")
    if swept and (training.metrics is None or not training.has_folder):
        limit = f"nothing: {training.name} must name metrics to rank by, and have its data in a folder"
        yield Fault("sweep", limit, shown(", ".join(swept)))
    elif swept and training.metrics and training.metrics.headline[0] not in training.metrics.better:
        by = training.metrics.headline[0]
        limit = (
            f"nothing until metrics.better of {training.name} says whether a higher or a lower {by} is better"
        )
        yield Fault("sweep", limit, shown(", ".join(swept)))
    known = training.parameters
    may = [name for name in known if training.sweep is None or name in training.sweep]
    for name, values in swept.items():
        at = f"sweep.parameters.{name}"
        if name not in may:
            limit = f"one of {', '.join(may) or 'none'}, the parameters that {training.name} lets sweep"
            yield Fault(at, limit, shown(list(values)))
        elif name in request.parameters:
            yield Fault(f"parameters.{name}", "nothing where sweep has it", shown(request.parameters[name]))
        else:
            yield from (
                Fault(f"{at}[{i}]", known[name].allowed, shown(value))
                for i, value in enumerate(values)
                if not known[name].takes(value)
            )
