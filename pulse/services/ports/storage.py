"""Objects in S3 and log streams in CloudWatch Logs."""

from typing import Protocol

from pulse.domain.s3.objects import Listing, Part
from pulse.domain.views.log import Line, StreamPage


class Objects(Protocol):
    def read(self, bucket: str, key: str, *, version_id: str = "", limit_bytes: int) -> bytes | None:
        """The object, None when it does not exist. Raises TooLarge when it is larger than the limit."""

    def read_range(self, bucket: str, key: str, byte_range: str, *, version_id: str = "") -> Part | None:
        """A part of the object, None when the object does not exist. `byte_range` is an HTTP Range."""

    def listing(self, bucket: str, prefix: str, *, limit: int = 1000, after: str = "") -> Listing:
        """The first objects under `prefix` beyond the key `after`, at most `limit`, which may be 1,000."""


class Logs(Protocol):
    def read(self, group: str, stream: str, *, most: int, token: str) -> StreamPage | None:
        """The next lines of a log stream, the oldest first; None when there is no such stream. `token` is
        empty at first. Raises InvalidCall for a token that is none.
        """

    def last(self, group: str, stream: str, *, most: int) -> tuple[Line, ...]:
        """The last lines of a log stream, the oldest first; none when there is no such stream."""
