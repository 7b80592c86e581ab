"""What the names of folders say: columns (`ticker=AAA/`), or that a table keeps a list of its own files.

https://cwiki.apache.org/confluence/display/Hive/LanguageManual+DDL#LanguageManualDDL-PartitionedTables
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from urllib.parse import unquote

import polars as pl

from recursive_training.data.files.headers import listed
from recursive_training.data.notes import Notes
from recursive_training.errors import UnreadableFileError

# A folder of this name, and what keeps it. Which files count is written there, and old ones stay until a
# clean-up.
_LISTS = {
    "_delta_log": "a Delta table",
    ".hoodie": "a Hudi table",
    "_spark_metadata": "the output of a Spark stream",
}
_ICEBERG = ".metadata.json"
_DATE_PARTS = ("year", "month", "day")
_DAYS = ("date", "dt", "ds", "day_date")
_A_DAY = timedelta(days=1)
_MOST_VALUES = 3


def demand_plain_folder(keys: Sequence[str], where: str) -> None:
    """Raises UnreadableFileError where the keys are those of a table that lists its own files."""
    for key in keys:
        folders, _, name = key.rpartition("/")
        names = folders.split("/")
        kept = next(((what, one) for one, what in _LISTS.items() if one in names), None)
        if kept is None and names[-1] == "metadata" and name.endswith(_ICEBERG):
            kept = "an Iceberg table", "metadata"
        if kept:
            what, one = kept
            table = key[: key.index(f"{one}/")] if f"{one}/" in key else key
            raise UnreadableFileError(
                f"{where} holds {what} ({table}): its {one}/ says which files count, and files that were "
                "deleted or "
                "replaced may still be there. Write the table's current rows as plain Parquet to another "
                "folder, and name that."
            )


def list_folders(key: str) -> list[str]:
    """The prefixes below which a table that lists its own files would keep its list, if `key` is one of
    them.
    """
    folders = key.split("/")[:-1]
    found = []
    for depth in range(len(folders), 0, -1):
        folder = "/".join(folders[:depth])
        found += [f"{folder}/{name}/" for name in _LISTS]
        if "=" not in folders[depth - 1]:
            break
    return found


def labels(path: str) -> dict[str, str]:
    """The keys and values of the folders on a path: `{"ticker": "AAA"}` of `ticker=AAA/part-0.parquet`."""
    pairs = (name.partition("=") for name in path.split("/")[:-1] if "=" in name)
    return {key: unquote(value) for key, _, value in pairs if key}


def demand_known_labels(
    found: Sequence[tuple[Mapping[str, str], pl.Series]], id_columns: Sequence[str], where: str, notes: Notes
) -> None:
    """Checks that no key of a folder is passed over: each is an id column, the same for all files, or the
    date of the rows. `found` has the labels and the times of each file. Raises UnreadableFileError.
    """
    keys = dict.fromkeys(key for file, _ in found for key in file)
    for key in keys:
        if key in id_columns:
            continue
        values = sorted({file.get(key, "") for file, _ in found})
        if len(values) == 1:
            notes.reading.append(f"{where}: {key}={values[0]} for all files.")
        elif _is_date_part(key) and all(_agrees(file, times) for file, times in found):
            notes.reading.append(f"{where}: {key}=… agrees with the dates of the rows.")
        else:
            more = f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
            raise UnreadableFileError(
                f"{where}: the folders {key}=… ({listed(values[:_MOST_VALUES])}{more}) tell the rows apart. "
                "Submit with "
                f"id_columns {json.dumps([key])}, and each is a variable of its own; or name one folder."
            )


def _is_date_part(key: str) -> bool:
    return key.lower() in (*_DATE_PARTS, *_DAYS)


def _agrees(file: Mapping[str, str], times: pl.Series) -> bool:
    """Whether the rows lie on the days that the folders name, give or take one for the time zone."""
    lower = {key.lower(): value for key, value in file.items()}
    return all(
        any(_matches(lower, day + shift) for shift in (-_A_DAY, timedelta(0), _A_DAY))
        for day in times.dt.date().unique().to_list()
    )


def _matches(file: Mapping[str, str], day: date) -> bool:
    parts = {"year": day.year, "month": day.month, "day": day.day}
    for key, value in file.items():
        if key in parts and not (value.isdecimal() and int(value) == parts[key]):
            return False
        if key in _DAYS and value.replace("-", "") != f"{day:%Y%m%d}":
            return False
    return True
