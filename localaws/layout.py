"""Where things lie: the folder of one instance, and the caches of the clone."""

import os
from dataclasses import dataclass
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]
CACHE = CLONE / ".cache"
DEFAULT_ROOT = Path(os.environ.get("LOCALAWS_ROOT") or CLONE / ".localaws")


@dataclass(frozen=True)
class Layout:
    """The folder of one instance. Everything that it writes is inside `root`."""

    root: Path

    @property
    def record(self) -> Path:
        """Who runs: port, pid and id of the instance, as JSON. Absent when nothing runs."""
        return self.root / "instance.json"

    @property
    def last_port(self) -> Path:
        """The port of the last run: stored queue and API addresses hold it, so it is taken again if free."""
        return self.root / "last-port"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def log(self) -> Path:
        return self.root / "logs" / "localaws.log"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def s3(self) -> Path:
        return self.root / "s3"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    @property
    def folders(self) -> tuple[Path, ...]:
        return (self.state, self.s3, self.tmp, self.home, self.log.parent, self.images, self.jobs)

    def make(self) -> None:
        for folder in (self.root, *self.folders):
            folder.mkdir(parents=True, exist_ok=True)
