"""Runs a training on its sample, on this machine and without AWS: its image, its command, its folders."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localaws.images.builder import BASE_PATH, build
from localaws.images.store import Store
from pulse.domain.plan.described_job import command
from pulse.domain.request.parameters import Value
from pulse.domain.training.definition import Training
from pulse.domain.training.parameters import values_of


@dataclass(frozen=True, kw_only=True)
class Tried:
    """How the program ended, and what it wrote: the sizes of its files by name, and its metrics file."""

    exit_code: int
    files: dict[str, int]
    metrics: bytes | None


def sample_of(folder: Path) -> Path | None:
    """The data set beside a training: what is called `sample`, with any suffix, or a folder of that name."""
    return next((found for found in sorted(folder.glob("sample*")) if found.stem == "sample"), None)


def run(
    training: Training,
    folder: Path,
    sample: Path | None,
    given: Mapping[str, Value],
    on_line: Callable[[str], None],
) -> Tried:
    """`on_line`: takes each line that the build and the program print. Raises DockerfileError, SetUpFailed,
    OSError.
    """
    with tempfile.TemporaryDirectory(prefix="pulse-training-") as scratch:
        place = Path(scratch)
        image = build(Store(place / "images"), folder, folder / "Dockerfile", [training.name], on_line)
        folders = {name: place / name for name in ("data", "results", "checkpoints", "home")}
        for one in folders.values():
            one.mkdir()
        work = place / "work"
        shutil.copytree(image.workdir, work, symlinks=True)
        where = {name: str(folders[name]) for name in ("data", "results", "checkpoints")}
        if sample:
            where["data"] = str(_copied(sample, folders["data"]))
        values = values_of(training.parameters, given)
        path = image.env.get("PATH", BASE_PATH)
        environment = {
            **image.env,
            **training.environment,
            **{f"PULSE_{name.upper()}": one for name, one in where.items()},
            "PULSE_PARAMETERS": json.dumps(values),
            "PULSE_TRAINING": training.name,
            "PATH": f"{image.venv / 'bin'}:{path}" if image.venv else path,
            "HOME": str(folders["home"]),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
        }
        code = _run([*image.entrypoint, *command(training, values, where)], work, environment, on_line)
        results = folders["results"]
        files = {
            str(f.relative_to(results)): f.stat().st_size for f in sorted(results.rglob("*")) if f.is_file()
        }
        file = results / (training.metrics.file if training.metrics else "")
        return Tried(exit_code=code, files=files, metrics=file.read_bytes() if file.is_file() else None)


def _copied(sample: Path, data: Path) -> Path:
    if sample.is_dir():
        shutil.copytree(sample, data, dirs_exist_ok=True)
        return data
    return Path(shutil.copy(sample, data))


def _run(words: list[str], work: Path, environment: Mapping[str, str], on_line: Callable[[str], None]) -> int:
    with subprocess.Popen(
        words,
        cwd=work,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            on_line(line.rstrip("\n"))
    return process.returncode
