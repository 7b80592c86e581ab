"""What a container's process sees: its scratch folder, its command and its environment variables."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localaws.batch.ecs import task_metadata
from localaws.batch.memory.environment import runs_on_fargate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from localaws.batch.memory.state import Job
    from localaws.batch.model import Document
    from localaws.batch.ports import Image

_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
PROCESS_FILE = "process.json"
PROCESS_FILES = f"*/containers/*/{PROCESS_FILE}"
"""Of all containers, below the folder of all attempts."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Scratch:
    """The folder of one container, which exists for one attempt: a copy of its image's working directory, a
    home and a place for temporary files. `attempt` is the folder of all containers and volumes of its task.
    """

    attempt: Path
    container: str

    @property
    def folder(self) -> Path:
        return self.attempt / "containers" / self.container

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def process_file(self) -> Path:
        return self.folder / PROCESS_FILE

    def volume(self, name: str) -> Path:
        return self.attempt / "volumes" / name

    def fill(self, image: Image, task: Document) -> None:
        """Raises OSError when the image's working directory cannot be copied."""
        self.folder.mkdir(parents=True)
        shutil.copytree(image.workdir, self.work, symlinks=True)
        self.home.mkdir()
        self.temporary.mkdir()
        for name in own_volumes(task):
            self.volume(name).mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        """Removes the whole attempt's folder."""
        shutil.rmtree(self.attempt, ignore_errors=True)


def own_volumes(task: Document) -> list[str]:
    """The volumes that begin empty with the task and end with it: those without a place elsewhere."""
    elsewhere = ("efsVolumeConfiguration", "s3filesVolumeConfiguration")
    return [
        str(volume["name"])
        for volume in task.get("volumes", ())
        if not volume.get("host", {}).get("sourcePath") and not any(one in volume for one in elsewhere)
    ]


@dataclass(frozen=True)
class View:
    """How the process of a container sees its task.

    A process has no mount namespace, so a path in a volume, by its mount point, is handed to it as the folder
    that is really there.
    """

    job: Job
    container: Document
    image: Image
    scratch: Scratch

    def command(self) -> list[str]:
        """The image's entry point, then the job's command or else the image's."""
        own = self.container.get("command") or self.image.cmd
        return [self._real(word) for word in (*self.image.entrypoint, *own)]

    def environment(self, *, endpoint_url: str, credentials: Mapping[str, str]) -> dict[str, str]:
        """Only what the image, the definition, the submission, Amazon ECS and Batch set.
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-environment-variables.html

        Of the server's own, only the search path of shared libraries: some Pythons do not start without it.
        """
        job, image = self.job, self.image
        own = {variable["name"]: variable["value"] for variable in self.container.get("environment", [])}
        number = next(place for place, one in enumerate(job.containers) if one is self.container)
        asked = {
            **{name: os.environ[name] for name in _LIBRARY_PATHS if name in os.environ},
            **_region(job),
            "AWS_ENDPOINT_URL": endpoint_url,
            # A Fargate task has no instance metadata; without this, a job with no role waits for it.
            "AWS_EC2_METADATA_DISABLED": "true",
            **credentials,
            **{name: self._real(value) for name, value in {**image.env, **own}.items()},
            "AWS_EXECUTION_ENV": _execution_environment(job),
            "ECS_CONTAINER_METADATA_URI_V4": task_metadata.uri(
                endpoint_url, self.scratch.attempt.name, number
            ),
        }
        index = job.detail.get("arrayProperties", {}).get("index")
        search = asked.get("PATH", PATH)
        return {
            **asked,
            "AWS_BATCH_JOB_ID": job.id,
            "AWS_BATCH_JOB_ATTEMPT": str(len(job.attempts) + 1),
            "AWS_BATCH_JQ_NAME": job.queue_arn.rpartition("/")[2],
            "AWS_BATCH_CE_NAME": job.environment or "",
            **({} if index is None else _place_in_array(index, job.siblings)),
            "PATH": f"{image.venv / 'bin'}:{search}" if image.venv else search,
            "HOME": str(self.scratch.home),
            "TMPDIR": str(self.scratch.temporary),
        }

    def _real(self, text: str) -> str:
        """The text itself, unless it is a path in a volume. Of nested mount points the innermost counts."""
        own = own_volumes(self.job.task)
        mounted = {
            str(one["containerPath"]).rstrip("/"): one["sourceVolume"]
            for one in self.container.get("mountPoints", ())
            if one.get("sourceVolume") in own and str(one.get("containerPath", "")).startswith("/")
        }
        for path in sorted(filter(None, mounted), key=len, reverse=True):
            if text == path or text.startswith(f"{path}/"):
                return f"{self.scratch.volume(mounted[path])}{text[len(path) :]}"
        return text


def _region(job: Job) -> dict[str, str]:
    """Fargate tells it; on EC2 it depends on the version of the ECS agent, and the older ones do not:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-environment-variables.html
    """
    if not runs_on_fargate(job.detail):
        return {}
    return {"AWS_REGION": job.scope.region, "AWS_DEFAULT_REGION": job.scope.region}


def _execution_environment(job: Job) -> str:
    """A queue's environments are all Fargate's or all EC2's, and the definition says which."""
    return "AWS_ECS_FARGATE" if runs_on_fargate(job.detail) else "AWS_ECS_EC2"


def _place_in_array(index: int, size: int | None) -> dict[str, str]:
    """https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html."""
    return {"AWS_BATCH_JOB_ARRAY_INDEX": str(index), "AWS_BATCH_JOB_ARRAY_SIZE": str(size or "")}
