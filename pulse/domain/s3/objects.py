"""What S3 answers to a reading of a part and to a listing, as far as it is used."""

from msgspec import Struct


class Part(Struct, frozen=True):
    """Some bytes of an object of `size_bytes`."""

    content: bytes
    size_bytes: int

    @property
    def is_whole(self) -> bool:
        return len(self.content) >= self.size_bytes


class Listing(Struct, frozen=True):
    """Bytes by key, in the order of the keys; not `complete` when there are more keys than were asked for."""

    sizes: dict[str, int]
    complete: bool = True
