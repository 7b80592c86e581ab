"""`manifest.json`: the list of the tables that a dropped folder must hold, no more and no fewer."""

from collections.abc import Collection, Iterable
from typing import Annotated

from msgspec import Meta, Struct

from pulse.domain.fault import Fault, first, shown
from pulse.domain.request.job_request import MAX_KEY_BYTES
from pulse.domain.s3.layout import DATASETS, is_table
from pulse.domain.s3.table_names import Suffixes, endings
from pulse.domain.validation import collect

MAX_FILES = 10_000
MAX_MANIFEST_BYTES = 1024 * 1024
"""Names of 100 characters for as many files."""

_FILES = f"a list of 1 to {MAX_FILES} names of files"
_NOT_A_FOLDER = {".", ".."}
"""S3 takes both as they stand in a key, and a reader might not."""


class DropManifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each file by its path below the manifest's folder, or by its whole key."""

    files: Annotated[
        tuple[str, ...],
        Meta(min_length=1, max_length=MAX_FILES, description=_FILES),
    ]


def read(raw: object, folder: str, suffixes: Suffixes) -> tuple[tuple[str, ...], list[Fault]]:
    """The keys that decoded JSON names for `folder`, and every fault. `suffixes`: how names of tables end."""
    manifest, faults = collect(raw, DropManifest)
    if manifest is None:
        return (), faults
    limit = (
        f"a table below {shown(folder)}, without .. and not beginning with _ or ., whose name ends in "
        f"{endings(suffixes)}"
    )
    keys: dict[str, None] = {}
    for i, name in enumerate(manifest.files):
        key = name if name.startswith(folder) else folder + name
        if key in keys:
            faults.append(Fault(f"files[{i}]", "each file once", shown(name)))
        elif not (_is_below(name, folder) and is_table(key, folder, suffixes) and _is_key(key)):
            faults.append(Fault(f"files[{i}]", limit, shown(name)))
        keys[key] = None
    return tuple(keys), faults


def difference(wanted: Collection[str], found: Iterable[str], folder: str, suffixes: Suffixes) -> str:
    """How the tables that a manifest names differ from those `found` below its folder, for people; empty when
    they do not. Files that are no tables do not count.
    """
    tables = {key for key in found if is_table(key, folder, suffixes)}
    missing, unlisted = sorted(set(wanted) - tables), sorted(tables - set(wanted))
    lines = []
    if missing:
        lines += [f"files names {len(missing)} that are not in {shown(folder)}:", *_named(missing, folder)]
    if unlisted:
        told = f"{shown(folder)} holds {len(unlisted)} that files does not name, and the job would read them:"
        lines += [told, *_named(unlisted, folder)]
    return "\n".join(lines)


def _is_below(name: str, folder: str) -> bool:
    """No key of another folder, no URI, no path of a file system."""
    elsewhere = name.startswith((DATASETS, "/")) or "://" in name
    return name.startswith(folder) or not elsewhere


def _is_key(key: str) -> bool:
    is_plain = _NOT_A_FOLDER.isdisjoint(key.split("/")) and "\x00" not in key
    return is_plain and len(key.encode()) <= MAX_KEY_BYTES


def _named(keys: list[str], folder: str) -> list[str]:
    return [f"- {line}" for line in first([shown(key.removeprefix(folder)) for key in keys])]
