"""How the names of data sets end, and what to do with a file whose name ends otherwise.

Which endings there are, the training says (training/recursive_training/data/names.py). Here they are an
argument: they travel with the configuration.
"""

from collections.abc import Sequence

Suffixes = tuple[str, ...]
"""In lower case, with their dot: `.parquet`, `.csv.gz`."""

_ADVICE = (
    ((".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"), "Save the sheet as CSV in UTF-8, and drop that file."),
    (
        (".json", ".jsonl", ".ndjson"),
        "Save the table as CSV or Parquet, and drop that file. A request in JSON belongs under requests/.",
    ),
    (
        (".txt", ".dat", ".tab"),
        "If it is a table, name it .csv (.tsv where tabs separate its cells), and drop it again.",
    ),
    ((".orc", ".avro"), "Write the table as Parquet, and drop that file."),
    (
        (".gz", ".zst", ".bz2", ".xz"),
        "If it is a compressed table, name it by both, such as .csv.gz, and drop it again.",
    ),
)
"""By how a name ends, the first that fits."""


def ends_like_table(key: str, suffixes: Suffixes) -> bool:
    """Names are compared without case: `MARKET.CSV` is a CSV."""
    return key.lower().endswith(suffixes)


def ending(key: str, suffixes: Suffixes) -> str:
    """The longest of the suffixes in which the name ends; empty when it ends in none."""
    return max((suffix for suffix in suffixes if ends_like_table(key, (suffix,))), key=len, default="")


def endings(suffixes: Suffixes) -> str:
    """`.csv, .parquet or .zip; .csv may be compressed (.gz)`."""
    plain = [suffix for suffix in suffixes if suffix.count(".") == 1]
    packed = [suffix for suffix in suffixes if suffix.count(".") > 1]
    names = _joined(plain, "or") or "nothing"
    if packed:
        inner = dict.fromkeys(f".{suffix.split('.')[1]}" for suffix in packed)
        ends = dict.fromkeys(f".{suffix.split('.')[2]}" for suffix in packed)
        names += f"; {_joined([*inner], 'and')} may be compressed ({', '.join(ends)})"
    return names


def sentence(suffixes: Suffixes) -> str:
    return f"A data set's name ends in {endings(suffixes)}."


def advice(key: str) -> str:
    """What to do with a file of another kind, told by its name; empty where nothing is known of it."""
    name = key.lower()
    return next((advice for ends, advice in _ADVICE if name.endswith(ends)), "")


def _joined(words: Sequence[str], last: str) -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
