"""Where things lie: the package, its cache, and the folder of one instance."""

import os
from dataclasses import dataclass
from pathlib import Path

from localaws.state import private

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent if (PACKAGE / "pyproject.toml").exists() else None
"""The folder that the package is developed in; None where it was installed."""
_XDG_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "localaws"
CACHE = Path(os.environ.get("LOCALAWS_CACHE") or (CHECKOUT / ".cache" if CHECKOUT else _XDG_CACHE))
DEFAULT_ROOT = Path(os.environ.get("LOCALAWS_ROOT") or (CHECKOUT or Path.cwd()) / ".localaws")


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
    def keys(self) -> Path:
        """Root's access key and the word in the addresses of our pages, as JSON."""
        return self.root / "keys.json"

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
    def bootstrap(self) -> Path:
        """An empty folder for `cdk bootstrap`: beside cdk.json it synthesizes first."""
        return self.root / "bootstrap"

    @property
    def cdk_out(self) -> Path:
        """The cloud assembly of `cdk deploy`."""
        return self.root / "cdk.out"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox.jsonl"

    @property
    def made(self) -> Path:
        """The names of the folders that `make` made, `.` for the root: only those are ever removed."""
        return self.root / "made"

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.record, self.last_port, self.keys, self.lock, self.inbox, self.made)

    @property
    def folders(self) -> tuple[Path, ...]:
        return (
            *(self.state, self.s3, self.tmp, self.home, self.log.parent, self.images, self.jobs),
            *(self.bootstrap, self.cdk_out),
        )

    def make(self) -> None:
        """Makes the folders that are missing, closed to everybody else, and remembers which these are."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        inherited = set() if self.made.exists() else self.made_by_up()
        root_is_new = _made(self.root)
        for folder in (self.root, *self.folders):
            is_new = root_is_new if folder == self.root else not folder.exists()
            if is_new or folder in inherited:
                # Noted before it is made: of two starts at once, neither takes it for somebody else's.
                with private.opened(self.made, "a") as lines:
                    lines.write(f"{self._name(folder)}\n")
            if not _made(folder) and folder in self.made_by_up():
                folder.chmod(private.FOLDER_MODE)
        for file in self.files:
            if file.exists():
                file.chmod(private.FILE_MODE)

    def foreign(self) -> list[Path]:
        """Folders of somebody else where the server would sweep."""
        return [one for one in (self.state, self.s3, self.tmp, self.jobs) if one not in self.made_by_up()]

    def made_by_up(self) -> set[Path]:
        """The folders that are the instance's own, whether they still exist or not."""
        ours = (self.root, *self.folders)
        if self.made.exists():
            names = self.made.read_text().splitlines()
            return {folder for folder in ours if self._name(folder) in names}
        # An instance that is older than the list of names: a folder that has run one belongs to it.
        return set(ours) if self.last_port.exists() else set()

    def _name(self, folder: Path) -> str:
        return folder.name if folder != self.root else "."


def _made(folder: Path) -> bool:
    """Whether the folder was missing and is made. Raises FileExistsError for a file."""
    try:
        folder.mkdir(private.FOLDER_MODE)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return False
    return True
