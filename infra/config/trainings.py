"""Trainings that lie in folders of their own: each with a training.yaml, and the Dockerfile of its image.

They are read into the section `trainings` of the configuration, where an environment may change them or add
others that are images only.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from infra.config.files import Document, Unreadable, read, under
from infra.config.model import Config
from pulse.domain.catalogue.trigger import Trigger
from pulse.domain.fault import Fault, shown
from pulse.domain.plan.training_faults import training_faults
from pulse.domain.request.job_request import JobRequest
from pulse.domain.s3.layout import DATASETS
from pulse.domain.training.definition import RETRODICTION, Training
from pulse.domain.validation import collect

FILE = "training.yaml"
_PARAMETERS = re.compile(r"trainings\.[^.]+\.parameters")
SECTION = "trainings"
HERE = "."
"""The image of a training that is built from its own folder."""


def read_trainings(folders: Any, root: Path) -> Document:
    """The files of all trainings, as a section of the configuration. What is no list of folders is left to
    the checks. Raises Unreadable.
    """
    found: dict[str, Document] = {}
    for file in _files(folders, root):
        name = file.parent.name
        if name in found:
            other = next(iter(found[name].places.values())).file
            raise Unreadable(f"{file}: allowed is one training of a name; found another in {other}")
        found[name] = under(name, read(file))
    whole = Document(
        {name: document.values[name] for name, document in found.items()},
        {path: place for document in found.values() for path, place in document.places.items()},
    )
    return under(SECTION, whole) if found else Document({}, {})


def readable(document: Document) -> dict[str, Training]:
    """Those that can be read as far as to see what else is wrong with them."""
    section = document.values.get(SECTION)
    raws = section if isinstance(section, dict) else {}
    read = {name: collect(raw, Training)[0] for name, raw in raws.items()}
    return {name: training for name, training in read.items() if training}


def without_consequences(faults: Sequence[Fault]) -> list[Fault]:
    """Without what a command seems to lack where it is the parameters that cannot be read."""
    unread = {".".join(f.field.split(".")[:2]) for f in faults if _PARAMETERS.match(f.field)}
    return [f for f in faults if not any(f.field.startswith(f"{at}.command") for at in unread)]


def folder_of(config: Config, name: str, root: Path) -> Path | None:
    """The folder of a training's image; None for one that has no folder."""
    places = [root / folder for folder in config.training_folders]
    candidates = [*(place / name for place in places), *(place for place in places if place.name == name)]
    return next((folder for folder in candidates if (folder / FILE).is_file()), None)


def check_trainings(config: Config, root: Path) -> Iterator[Fault]:
    """The rules between trainings, their folders and the triggers that start them."""
    for i, folder in enumerate(config.training_folders):
        if not (root / folder).is_dir():
            yield Fault(f"training_folders[{i}]", f"a folder below {root}", shown(folder))
    for name, training in config.trainings.items():
        at = f"{SECTION}.{name}"
        if training.name != name:
            yield Fault(f"{at}.name", f"{name}, as its folder is called", shown(training.name))
        if name == RETRODICTION:
            yield Fault(at, "another name than that of Pulse's own training", shown(name))
        yield from _image(training, folder_of(config, name, root), at)
    for i, trigger in enumerate(config.triggers):
        yield from (fault.below(f"triggers[{i}]") for fault in _trigger(trigger, config))


def _files(folders: Any, root: Path) -> Iterator[Path]:
    for folder in folders if isinstance(folders, list) else ():
        if isinstance(folder, str):
            here = root / folder / FILE
            yield from [here] if here.is_file() else sorted((root / folder).glob(f"*/{FILE}"))


def _image(training: Training, folder: Path | None, at: str) -> Iterator[Fault]:
    if training.image == HERE and not (folder and (folder / "Dockerfile").is_file()):
        where = f"in {folder.name}/" if folder else f"beside a {FILE}"
        yield Fault(f"{at}.image", f"a Dockerfile {where}, or an image by its digest", "no Dockerfile")


def _trigger(trigger: Trigger, config: Config) -> Sequence[Fault]:
    """What the training of a trigger does not take."""
    request, faults = collect(trigger.request(f"{DATASETS}any"), JobRequest)
    if request is None or faults:
        return ()  # said of the trigger itself
    return training_faults(request, config.trainings)
