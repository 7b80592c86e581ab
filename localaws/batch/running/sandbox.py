"""What a job's process sees: its scratch folder, its command and its environment variables."""

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
    from localaws.batch.ports import Image

_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Scratch:
    """A folder that exists for one attempt: a copy of the image's working directory, a home and a place for
    temporary files.
    """

    folder: Path

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
        return self.folder / "process.json"

    def fill(self, image: Image) -> None:
        """Raises OSError when the image's working directory cannot be copied."""
        self.folder.mkdir(parents=True)
        shutil.copytree(image.workdir, self.work, symlinks=True)
        self.home.mkdir()
        self.temporary.mkdir()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def command(job: Job, image: Image) -> list[str]:
    """The image's entry point, then the job's command or else the image's."""
    return [*image.entrypoint, *(job.container.get("command") or image.cmd)]


def environment(
    job: Job, image: Image, scratch: Scratch, *, endpoint_url: str, credentials: Mapping[str, str]
) -> dict[str, str]:
    """Only what the image, the definition, the submission, Amazon ECS and Batch set.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-environment-variables.html

    Of the server's own, only the search path of shared libraries: some Pythons do not start without it.
    """
    own = {variable["name"]: variable["value"] for variable in job.container.get("environment", [])}
    asked = {
        **{name: os.environ[name] for name in _LIBRARY_PATHS if name in os.environ},
        **_region(job),
        "AWS_ENDPOINT_URL": endpoint_url,
        # A Fargate task has no instance metadata; without this, a job with no role waits for it.
        "AWS_EC2_METADATA_DISABLED": "true",
        **credentials,
        **image.env,
        **own,
        "AWS_EXECUTION_ENV": _execution_environment(job),
        "ECS_CONTAINER_METADATA_URI_V4": task_metadata.uri(endpoint_url, scratch.folder.name),
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
        "HOME": str(scratch.home),
        "TMPDIR": str(scratch.temporary),
    }


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
