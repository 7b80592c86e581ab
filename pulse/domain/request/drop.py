"""S3Drop: an object that somebody put into the data bucket, from EventBridge's "Object Created".

The key is taken as it stands. EventBridge delivers it raw, unlike S3's own notifications, where it is
URL-encoded: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from pulse.domain.fault import Fault, printable, shown
from pulse.domain.s3.layout import DATASETS, FOLDER_MARK, REQUESTS, UPLOADS, s3_uri
from pulse.domain.validation import InvalidInput

SEQUENCER_DIGITS = 32

Meaning = Literal["dataset", "upload", "request", "folder", "elsewhere"]
_MEANINGS: dict[str, Meaning] = {UPLOADS: "upload", DATASETS: "dataset", REQUESTS: "request"}
"""By prefix, the first that fits."""


class _Object(Struct, frozen=True):
    key: str
    sequencer: str = ""
    size: int = 0
    etag: str = ""
    version_id: str = field(default="", name="version-id")


class _Bucket(Struct, frozen=True):
    name: str


class _Detail(Struct, frozen=True):
    bucket: _Bucket
    object: _Object
    requester: str = ""


class S3Drop(Struct, frozen=True, kw_only=True):
    """`size` in bytes; `version_id` is empty on a bucket without versions. `created_at`: when S3 had the
    object, UTC; None: the event does not say. `requester`: the account, or the service of AWS, that put it
    there.
    """

    bucket: str
    key: str
    version_id: str = ""
    sequencer: str = ""
    etag: str = ""
    size: int = 0
    created_at: datetime | None = None
    requester: str = ""

    @property
    def ordered_sequencer(self) -> str:
        """Hexadecimal of varying length: padded on the left, it sorts as the writes to a key did."""
        return self.sequencer.upper().rjust(SEQUENCER_DIGITS, "0")

    @property
    def meaning(self) -> Meaning:
        """What the drop asks for. Consoles mark a folder with an empty object whose key ends in `/`, EMR and
        s3n with one whose key ends in `_$folder$`.
        """
        if self.key.endswith(("/", FOLDER_MARK)) and not self.size:
            return "folder"
        return next(
            (meaning for prefix, meaning in _MEANINGS.items() if self.key.startswith(prefix)), "elsewhere"
        )

    def __str__(self) -> str:
        return printable(s3_uri(self.bucket, self.key)) + (
            f" (version {self.version_id})" if self.version_id else ""
        )


def parse(detail: Any, *, time: datetime | None = None) -> S3Drop:
    """The drop in an event's `detail`; unknown fields are tolerated. `time` is the event's. Raises
    InvalidInput.
    """
    try:
        parsed = msgspec.convert(detail, _Detail)
    except msgspec.ValidationError as error:
        fault = Fault("detail", f"an S3 Object Created event: {error}", shown(detail))
        raise InvalidInput([fault], "the event") from error
    return S3Drop(
        bucket=parsed.bucket.name,
        key=parsed.object.key,
        version_id=parsed.object.version_id,
        sequencer=parsed.object.sequencer,
        etag=parsed.object.etag,
        size=parsed.object.size,
        created_at=time,
        requester=parsed.requester,
    )
