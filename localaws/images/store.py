"""The images of one instance and their tags, on disk. Safe for several processes at once."""

import hashlib
import json
import os
import shutil
import tempfile
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.layout import Layout


@dataclass(frozen=True)
class Image:
    """A built image. `workdir` is the folder on this machine that holds what the image's WORKDIR would."""

    path: Path
    workdir: str
    entrypoint: list[str]
    cmd: list[str]
    env: dict[str, str]
    venv: Path | None

    @property
    def id(self) -> str:
        """As Docker writes it: "sha256:" and 64 hexadecimal digits."""
        return f"sha256:{self.path.name}"


@dataclass(frozen=True)
class Config:
    """What the Dockerfile says of how to run the image. `workdir` is absolute, in the image."""

    workdir: str
    entrypoint: list[str]
    cmd: list[str]
    env: dict[str, str]
    venv: str | None

    def as_json(self, tag: str) -> dict[str, Any]:
        return {"tag": tag, **self.__dict__}


class Store:
    def __init__(self, folder: Path) -> None:
        self._images = folder / "store"
        self._tags = folder / "tags"
        self._drafts = folder / "drafts"

    @classmethod
    def of(cls, root: Path) -> "Store":
        return cls(Layout(root.resolve()).images)

    def draft(self) -> Path:
        """An empty folder to build in; `add` takes it over."""
        self._drafts.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self._drafts))

    def add(self, rootfs: Path, config: Config, tags: list[str]) -> Image:
        """Keeps `rootfs`, from a draft folder, as an image under these tags. Equal images are one."""
        (rootfs / config.workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
        description = config.as_json(tags[0] if tags else "")
        name = _digest(rootfs, {**description, "tag": ""})
        target = self._images / name
        draft = rootfs.parent
        if rootfs.name != "rootfs":
            rootfs.rename(draft / "rootfs")
        (draft / "image.json").write_text(json.dumps(description, indent=1))
        self._images.mkdir(parents=True, exist_ok=True)
        try:
            draft.rename(target)
        except OSError:  # it is there already
            shutil.rmtree(draft, ignore_errors=True)
        image = self._load(target)
        if image is None:
            raise FileNotFoundError(target)
        for tag in tags:
            self.tag(image, tag)
        return image

    def tag(self, image: Image, tag: str) -> None:
        self._tags.mkdir(parents=True, exist_ok=True)
        file = self._tags / urllib.parse.quote(tag, safe="")
        draft = file.with_name(f".{os.getpid()}-{hashlib.sha256(tag.encode()).hexdigest()[:16]}")
        draft.write_text(image.path.name)
        draft.replace(file)

    def find(self, reference: str) -> Image | None:
        """By tag, or by id."""
        if reference.startswith("sha256:"):
            return self._load(self._images / Path(reference.removeprefix("sha256:")).name)
        try:
            name = (self._tags / urllib.parse.quote(reference, safe="")).read_text()
        except OSError:
            return None
        return self._load(self._images / name)

    def tags(self) -> dict[str, str]:
        """Each tag and the id of its image."""
        files = self._tags.glob("[!.]*") if self._tags.exists() else ()
        return {urllib.parse.unquote(file.name): f"sha256:{file.read_text()}" for file in sorted(files)}

    def _load(self, folder: Path) -> Image | None:
        try:
            found = json.loads((folder / "image.json").read_text())
        except OSError:
            return None
        return Image(
            path=folder,
            workdir=str(folder / "rootfs" / found["workdir"].lstrip("/")),
            entrypoint=found["entrypoint"],
            cmd=found["cmd"],
            env=found["env"],
            venv=Path(found["venv"]) if found["venv"] else None,
        )


def _digest(rootfs: Path, description: dict[str, Any]) -> str:
    """Names, modes and contents of all files, and how to run them."""
    found = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for path in sorted(rootfs.rglob("*")):
        found.update(f"\0{path.relative_to(rootfs)}\0".encode())
        if path.is_symlink():
            found.update(str(path.readlink()).encode())
        elif path.is_file():
            found.update(b"x" if os.access(path, os.X_OK) else b"-")
            found.update(path.read_bytes())
    return found.hexdigest()
