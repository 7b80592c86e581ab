"""Describes a data set without reading it whole: the end of a Parquet file, both ends of a CSV, and of a
folder at most three of its files.
"""

from collections.abc import Collection
from functools import reduce
from operator import add

from msgspec import Struct
from msgspec.structs import replace

from pulse.domain.s3.layout import DATASETS, is_table
from pulse.domain.s3.objects import Part
from pulse.domain.s3.table_names import Suffixes, ending
from pulse.domain.sizing.csv_sample import sample
from pulse.domain.sizing.facts import DatasetFacts
from pulse.domain.sizing.parquet_footer import MAGIC, InvalidFooter, footer_bytes, read_footer
from pulse.services.ports.storage import Objects

MAX_KEYS = 1000
"""As many as S3 lists in one call; what lies beyond is not counted, and `measured` says so."""

_TAIL_BYTES = 64 * 1024
"""Holds the footer of all but the widest Parquet files."""
_HEAD_BYTES = 256 * 1024
_MOST_FOOTER_BYTES = 1024 * 1024


class DescribeDataset(Struct, frozen=True):
    """`table_suffixes`: how the names of a folder's tables end."""

    objects: Objects
    table_suffixes: Suffixes

    def describe(
        self, bucket: str, key: str, version_id: str = "", *, missing: Collection[str] = ()
    ) -> DatasetFacts | None:
        """The facts of one object, or, when `key` ends in `/`, of all tables under it; an empty key is all of
        `datasets/`. None when there is no such object or no table. One or two calls an object, one a folder.
        `missing`: texts that mean an empty cell, beside the usual ones.

        Raises Misconfigured when reading is denied, Unavailable.
        """
        if not key or key.endswith("/"):
            return self._folder(bucket, key or DATASETS, missing)
        return self._object(bucket, key, version_id, missing)

    def _folder(self, bucket: str, prefix: str, missing: Collection[str]) -> DatasetFacts | None:
        listing = self.objects.listing(bucket, prefix, limit=MAX_KEYS)
        sizes = {
            key: size for key, size in listing.sizes.items() if is_table(key, prefix, self.table_suffixes)
        }
        if not sizes:
            return None
        filled = {key: size for key, size in sizes.items() if size} or sizes
        seen = [facts for key in _sampled(filled) if (facts := self._object(bucket, key, "", missing))]
        more = "" if listing.complete else f", of the first {MAX_KEYS:,} keys under {prefix}"
        known = [facts for facts in seen if facts.rows is not None and facts.bytes]
        if not known or len(known) < len(seen) or not self._are_alike(filled, seen):
            size_only = DatasetFacts(bytes=sum(sizes.values()), files=len(sizes))
            return replace(size_only, measured=f"the size of {_files(len(sizes))}{more}")
        return _scaled(reduce(add, known), files=len(sizes), total_bytes=sum(sizes.values()), more=more)

    def _are_alike(self, sizes: Collection[str], seen: Collection[DatasetFacts]) -> bool:
        """Whether the files that were looked at can stand for the others: by their names of one kind."""
        return len(seen) == len(sizes) or len({ending(key, self.table_suffixes) for key in sizes}) == 1

    def _object(
        self, bucket: str, key: str, version_id: str, missing: Collection[str]
    ) -> DatasetFacts | None:
        """What a file is, its bytes tell and not its name: as in the training."""
        tail = self.objects.read_range(bucket, key, f"bytes=-{_TAIL_BYTES}", version_id=version_id)
        if tail is None:
            return None
        facts = (
            self._parquet(bucket, key, version_id, tail)
            if tail.content.endswith(MAGIC)
            else self._csv(bucket, key, version_id, tail, missing)
        )
        return facts or DatasetFacts(bytes=tail.size_bytes, measured="the size of the object")

    def _parquet(self, bucket: str, key: str, version_id: str, tail: Part) -> DatasetFacts | None:
        try:
            needed = footer_bytes(tail.content)
            if len(tail.content) < needed <= min(_MOST_FOOTER_BYTES, tail.size_bytes):
                found = self.objects.read_range(bucket, key, f"bytes=-{needed}", version_id=version_id)
                tail = found or tail
            return read_footer(tail.content, size_bytes=tail.size_bytes)
        except InvalidFooter:
            return None

    def _csv(
        self, bucket: str, key: str, version_id: str, tail: Part, missing: Collection[str]
    ) -> DatasetFacts | None:
        first = f"bytes=0-{_HEAD_BYTES - 1}"
        head = tail if tail.is_whole else self.objects.read_range(bucket, key, first, version_id=version_id)
        if head is None:
            return None
        return sample(head.content, tail.content, size_bytes=head.size_bytes, missing=missing)


def _sampled(sizes: dict[str, int]) -> list[str]:
    """The first and the last key, whose names often are dates, and the largest object."""
    keys = list(sizes)
    return list(dict.fromkeys((keys[0], keys[-1], max(keys, key=sizes.__getitem__))))


def _scaled(facts: DatasetFacts, *, files: int, total_bytes: int, more: str) -> DatasetFacts:
    """The facts of some files as those of all: the rows grow with the bytes."""
    rows = round((facts.rows or 0) * total_bytes / facts.bytes)
    seen = "" if facts.files == files and not more else f" of {facts.files} of {_files(files)}{more}"
    return replace(facts, bytes=total_bytes, files=files, rows=rows, measured=facts.measured + seen)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
