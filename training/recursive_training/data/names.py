"""Which names the files of a data set have: the one list, which Pulse's configuration takes from here too.

Imports nothing beyond the standard library: it is also read where the training's own libraries are missing.
"""

MANIFEST = "manifest.json"
"""Lists the files of a folder; it is none of them."""

_TEXT = (".csv", ".tsv")
_COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
_OTHERS = (".parquet", ".feather", ".arrow", ".zip")
TABLE_SUFFIXES: tuple[str, ...] = (*_TEXT, *_OTHERS, *(text + end for text in _TEXT for end in _COMPRESSED))
"""How the name of a table ends, in lower case; names are compared without case."""

_MARKER_STARTS = ("_", ".", "~$")
"""Hadoop's and Spark's own files (`_SUCCESS`, `_temporary/`), hidden files, lock files of Office."""
_MARKER_ENDS = ("_$folder$",)
"""Empty objects by which EMR and s3n mark a folder."""


def is_marker(path_below_folder: str) -> bool:
    """Whether a name on the path is that of a marker, of something hidden or temporary, or the file is the
    manifest.
    """
    names = path_below_folder.split("/")
    return names[-1] == MANIFEST or any(
        name.startswith(_MARKER_STARTS) or name.endswith(_MARKER_ENDS) for name in names
    )


def is_table(path_below_folder: str) -> bool:
    """Whether the training reads the file as a table when it reads the folder."""
    return path_below_folder.lower().endswith(TABLE_SUFFIXES) and not is_marker(path_below_folder)
