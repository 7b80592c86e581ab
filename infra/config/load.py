"""One environment's configuration: config/default.yaml and prices.yaml, with config/NAME.yaml over them, all
checked at once.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from infra.config.checks import check
from infra.config.files import Document, Unreadable, lay_over, read, under
from infra.config.model import Config
from infra.config.trainings import read_trainings, readable, without_consequences
from pulse.domain.fault import Fault, shown
from pulse.domain.validation import collect

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "config"
DEFAULT = "default"
PRICES = "prices"
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_NOT_ENVIRONMENTS = {DEFAULT, PRICES}


class ConfigError(Exception):
    """Raised with a message for people: each mistake with file, line and path, what is allowed and found."""


def load(name: str | None = None, folder: Path = FOLDER, root: Path = ROOT) -> Config:
    """The configuration of environment `name`; without a name, default.yaml alone. `root`: where the folders
    of trainings lie. Raises ConfigError.
    """
    try:
        prices = under(PRICES, read(folder / f"{PRICES}.yaml"))
        base = lay_over(prices, read(folder / f"{DEFAULT}.yaml"))
        own = Document({}, {}) if name in (None, DEFAULT) else read(_file(str(name), folder))
        folders = lay_over(base, own).values.get("training_folders")
        document = lay_over(lay_over(base, read_trainings(folders, root)), own)
    except Unreadable as error:
        raise ConfigError(f"The configuration is not valid, nothing was synthesized:\n- {error}") from error
    config, faults = collect(document.values, Config)
    whole = config or _repaired(document, base, faults)
    if whole and faults:
        whole = replace(whole, trainings=readable(document))
    known = {fault.field for fault in faults}
    faults += [fault for fault in (check(whole, root) if whole else ()) if fault.field not in known]
    if config is None or faults:
        raise ConfigError(_message(without_consequences(faults), document, folder))
    return config.with_environment()


def _file(name: str, folder: Path) -> Path:
    file = folder / f"{name}.yaml"
    if not _NAME.match(name) or name in _NOT_ENVIRONMENTS or not file.is_file():
        known = sorted({found.stem for found in folder.glob("*.yaml")} - _NOT_ENVIRONMENTS)
        allowed = f"allowed is one of {', '.join(known)} (files of {folder.name}/)"
        raise Unreadable(f"-c env=NAME: {allowed}; found {shown(name)}")
    return file


def _repaired(document: Document, base: Document, faults: Iterable[Fault]) -> Config | None:
    """The configuration with default.yaml's values in place of what is faulty or missing, because rules
    between values need values. A section that cannot be repaired so is default.yaml's.
    """
    values = deepcopy(document.values)
    for fault in faults:
        parent = _parent(fault.field)
        if fault.field in document.places:
            keys = document.places[fault.field].keys
        elif parent in document.places:
            keys = (*document.places[parent].keys, fault.field[len(parent) :].lstrip("."))
        else:
            continue
        with suppress(LookupError, TypeError):
            holder = _at(values, keys[:-1])
            if isinstance(holder, dict):
                holder.pop(keys[-1], None)
            holder[keys[-1]] = _stand_in(base.values, keys)
    sections = {re.split(r"[.\[]", fault.field)[0] for fault in collect(values, Config)[1]}
    values = {name: value for name, value in values.items() if name not in sections}
    return collect({**values, **{s: base.values[s] for s in sections if s in base.values}}, Config)[0]


def _stand_in(values: Any, keys: tuple[str | int, ...]) -> Any:
    """The value at `keys`, or, for an entry that is not in default.yaml, that of its first sibling there."""
    try:
        return _at(values, keys)
    except (LookupError, TypeError):
        if len(keys) == 1:
            raise
        *above, _, last = keys
        siblings = _at(values, above)
        return (next(iter(siblings.values())) if isinstance(siblings, dict) else siblings[0])[last]


def _at(values: Any, keys: Iterable[str | int]) -> Any:
    for key in keys:
        values = values[key]
    return values


def _message(faults: Iterable[Fault], document: Document, folder: Path) -> str:
    lines = [f"- {_place(fault.field, document, folder)}: {fault}" for fault in faults]
    return "The configuration is not valid, nothing was synthesized:\n" + "\n".join(lines)


def _place(path: str, document: Document, folder: Path) -> str:
    """File and line of the value, or of the nearest structure that should hold it."""
    while path:
        if path in document.places:
            return str(document.places[path])
        path = _parent(path)
    return f"{folder.name}/{DEFAULT}.yaml"


def _parent(path: str) -> str:
    """`a.b` of `a.b.c` and of `a.b[0]`."""
    return re.sub(r"(\.[^.\[]*|\[[^\[]*\]|^[^.\[]*)\Z", "", path)
