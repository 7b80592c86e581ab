"""The code of this package as one number, so that shards of different code are never put together."""

from hashlib import sha256
from pathlib import Path


def code_digest() -> str:
    """The SHA-256 of this package's source files, names and contents, in the order of their names."""
    here = Path(__file__).parent
    digest = sha256()
    for path in sorted(p for p in here.rglob("*") if p.suffix in {".py", ".html"}):
        digest.update(f"{path.relative_to(here).as_posix()}\0".encode())
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()
