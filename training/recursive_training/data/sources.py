"""Which objects a run reads, in which version, and the tables in them."""

from collections import deque
from dataclasses import dataclass

from recursive_training.data import folders
from recursive_training.data.columns.values import Wanted
from recursive_training.data.files.headers import listed
from recursive_training.data.names import TABLE_SUFFIXES, is_marker, is_table
from recursive_training.data.notes import Notes
from recursive_training.data.rows import TIMESTAMP
from recursive_training.data.s3 import Bucket, StoredObject
from recursive_training.data.tables import Table, read_table
from recursive_training.errors import (
    EmptyFileError,
    MissingPartError,
    NoSuchDatasetError,
    UnreadableFileError,
)
from recursive_training.logs import logger
from recursive_training.options import Options


@dataclass(frozen=True)
class Version:
    """One object to read. `etag` and `sha256` are known once somebody has read it."""

    key: str
    version_id: str | None
    etag: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Listing:
    """The objects to read, by key, and a sentence for each that is none."""

    versions: list[Version]
    left_out: list[str]


@dataclass(frozen=True)
class Source:
    """One object that was read, and what it held."""

    key: str
    version_id: str | None
    etag: str
    sha256: str
    bytes: int
    rows: int
    columns: list[str]


@dataclass(frozen=True)
class Tables:
    """`sources` follow `tables`; `read` names every object that was read, tables or not."""

    sources: list[Source]
    tables: list[Table]
    read: Listing
    notes: Notes


def find(bucket: Bucket, options: Options) -> Listing:
    """One object, or every table below the folder; markers are passed over in silence.

    Raises UnreadableFileError where a table keeps a list of its own files, which would have to be followed.
    """
    prefix = options.data_prefix
    if prefix is None:
        return Listing([_one(bucket, str(options.dataset_key), options.dataset_version_id)], [])
    keys = bucket.keys(prefix)
    where = f"s3://{bucket.name}/{prefix}"
    folders.demand_plain_folder(keys, where)
    folder = prefix[: prefix.rfind("/") + 1]  # the prefix may end within a name
    found = [key for key in keys if not is_marker(key.removeprefix(folder))]
    tables = [key for key in found if is_table(key.removeprefix(folder))]
    if not tables:
        raise NoSuchDatasetError(
            f"No data set under {where} ({len(found)} other objects): names of tables end in "
            f"{', '.join(TABLE_SUFFIXES)}. Load one there, or name one with --dataset-key."
        )
    others = [f"{key}: not read, its name is not that of a table." for key in found if key not in set(tables)]
    return Listing([Version(key, None) for key in tables], others)


def _one(bucket: Bucket, key: str, version_id: str | None) -> Version:
    """The object, unless it is one of the files of a table that keeps a list of them."""
    if key.endswith(".parquet"):
        for folder in folders.list_folders(key):
            folders.demand_plain_folder(bucket.first_keys(folder), f"s3://{bucket.name}/{key}: its folder")
    return Version(key, version_id)


def read(bucket: Bucket, listing: Listing, wanted: Wanted, folder: str) -> Tables:
    """The tables, the one modified last at the end (S3 keeps seconds; within one, by key).

    Of many objects those that are no table are left out: a bad one must not end what the good ones allow.
    Names of folders below `folder` may be columns. Raises UnreadableFileError when none is a table.
    """
    objects = [_read(bucket, version) for version in listing.versions]
    versions = [Version(one.key, one.version_id, one.etag, one.sha256) for one in objects]
    # A queue, so that the bytes of a file are let go when its table is made.
    queue = deque(sorted(objects, key=lambda one: (one.last_modified, one.key)))
    objects.clear()
    notes = Notes(left_out=list(listing.left_out))
    sources, tables, unreadable, labelled = [], [], [], []
    while queue:
        stored = queue.popleft()
        labels = folders.labels(stored.key.removeprefix(folder))
        try:
            table = read_table(stored.payload, stored.uri, wanted, labels)
        except UnreadableFileError as error:
            logger.warning("Left out: %s", error)
            unreadable.append(error)
            continue
        logger.info("Read %s: %d rows, columns %s", stored.uri, table.rows, listed(table.columns))
        sources.append(_source(stored, table))
        tables.append(table)
        labelled.append((labels, table.frame[TIMESTAMP]))
        notes.add(table.notes)
    if not tables:
        raise unreadable[0]
    folders.demand_known_labels(labelled, wanted.id_columns, f"s3://{bucket.name}/{folder}", notes)
    for refused in unreadable:
        if isinstance(refused, EmptyFileError):
            notes.left_out.append(f"Not read: {refused}")
        else:
            notes.warnings.append(("", f"Not read: {refused}"))
    return Tables(sources, tables, Listing(versions, listing.left_out), notes)


def _read(bucket: Bucket, version: Version) -> StoredObject:
    stored = bucket.read(version.key, version.version_id)
    if version.sha256 not in (None, stored.sha256):
        raise MissingPartError(
            f"{stored.uri} is no longer what the shards read (ETag {version.etag}, found {stored.etag}). "
            "Submit the run again, and keep versions of the data bucket's objects."
        )
    return stored


def _source(stored: StoredObject, table: Table) -> Source:
    return Source(
        key=stored.key,
        version_id=stored.version_id,
        etag=stored.etag,
        sha256=stored.sha256,
        bytes=len(stored.payload),
        rows=table.rows,
        columns=table.columns,
    )
