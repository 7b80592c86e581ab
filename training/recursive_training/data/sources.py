"""Which objects a run reads, in which version, and the tables in them."""

from collections import deque
from dataclasses import dataclass

from recursive_training.data.files import listed
from recursive_training.data.s3 import Bucket, StoredObject
from recursive_training.data.tables import Table, read_table
from recursive_training.errors import MissingPartError, NoSuchDatasetError, UnreadableFileError
from recursive_training.logs import logger
from recursive_training.options import Options

_SUFFIXES = (".csv", ".parquet")
_MARKERS = ("_", ".")  # how the names of _SUCCESS and of hidden files and folders begin
_MANIFEST = "manifest.json"


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
    left_out: list[str]


def find(bucket: Bucket, options: Options) -> Listing:
    """One object, or every table below the folder; markers are passed over in silence."""
    prefix = options.data_prefix
    if prefix is None:
        return Listing([Version(str(options.dataset_key), options.dataset_version_id)], [])
    folder = prefix[: prefix.rfind("/") + 1]  # the prefix may end within a name
    found = [key for key in bucket.keys(prefix) if not _is_marker(key.removeprefix(folder))]
    keys = [key for key in found if key.lower().endswith(_SUFFIXES)]
    if not keys:
        raise NoSuchDatasetError(
            f"No .csv or .parquet under s3://{bucket.name}/{prefix} "
            f"({len(found)} other objects). Load a data set there, or name one with --dataset-key."
        )
    others = [f"{key}: neither .csv nor .parquet." for key in found if key not in keys]
    return Listing([Version(key, None) for key in keys], others)


def read(bucket: Bucket, listing: Listing) -> Tables:
    """The tables, the one modified last at the end (S3 keeps seconds; within one, by key).

    Of many objects those that are no table are left out: a bad one must not end what the good ones allow.
    Raises UnreadableFileError when none is a table.
    """
    objects = [_read(bucket, version) for version in listing.versions]
    versions = [Version(one.key, one.version_id, one.etag, one.sha256) for one in objects]
    # A queue, so that the bytes of a file are let go when its table is made.
    queue = deque(sorted(objects, key=lambda one: (one.last_modified, one.key)))
    objects.clear()
    sources, tables, unreadable, left_out = [], [], [], list(listing.left_out)
    while queue:
        stored = queue.popleft()
        try:
            table = read_table(stored.payload, stored.uri)
        except UnreadableFileError as error:
            logger.warning("Left out: %s", error)
            unreadable.append(error)
            continue
        logger.info("Read %s: %d rows, columns %s", stored.uri, table.rows, listed(table.columns))
        sources.append(_source(stored, table))
        tables.append(table)
        left_out += table.left_out
    if not tables:
        raise unreadable[0]
    left_out += [f"Not read: {error}" for error in unreadable]
    return Tables(sources, tables, Listing(versions, listing.left_out), left_out)


def _is_marker(path: str) -> bool:
    """`path` below the folder: Spark keeps unfinished files in `_temporary/`."""
    names = path.split("/")
    return any(name.startswith(_MARKERS) for name in names) or names[-1] == _MANIFEST


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
