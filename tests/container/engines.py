"""What builds and runs the training image: Docker or Podman where one answers, else buildah and runc as root.

Each runs a job as AWS Batch on Fargate does: with the definition's command, environment, read-only root and
volumes, the image's user and working directory. They cannot show limits of memory or another architecture.
"""

import json
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

IMAGE = "localhost/pulse-training:test"


@dataclass(frozen=True)
class Job:
    """`command` instead of the definition's; SIGTERM is sent once `stop_after` stands in the output."""

    container: Mapping[str, Any]
    environment: Mapping[str, str]
    command: Sequence[str]
    stop_after: str = ""

    @property
    def read_only(self) -> bool:
        return bool(self.container["ReadonlyRootFilesystem"])

    @property
    def volumes(self) -> dict[str, bool]:
        """Whether each is read-only, by its path in the container."""
        return {mount["ContainerPath"]: mount["ReadOnly"] for mount in self.container["MountPoints"]}


@dataclass
class Ended:
    code: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def output(self) -> str:
        return "".join(self.lines)


class Engine(Protocol):
    def build(self, context: Path) -> None: ...

    def run(self, job: Job) -> Ended: ...

    def close(self) -> None: ...


class CannotRunHere(Exception):
    """Raised where the tools are there and cannot be used, which is no fault of the image."""


def checked(*command: str) -> str:
    """Its output; what it printed is the message of an AssertionError if it fails."""
    done = subprocess.run(command, check=False, text=True, capture_output=True)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout.strip()


def succeeds(*command: str) -> bool:
    found = shutil.which(command[0])
    return bool(found) and subprocess.run(command, capture_output=True, check=False).returncode == 0


def follow(command: Sequence[str], stop_after: str) -> Ended:
    """Runs it to its end. Each engine hands the SIGTERM that it gets on to the container's first process."""
    ended = Ended()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            ended.lines.append(line)
            if stop_after and stop_after in line:
                process.send_signal(signal.SIGTERM)
                stop_after = ""
    ended.code = process.returncode
    return ended


@dataclass(frozen=True)
class Docker:
    """Docker, or Podman, which takes the same words."""

    name: str

    def build(self, context: Path) -> None:
        checked(self.name, "build", "--network", "host", "--tag", IMAGE, str(context))

    def run(self, job: Job) -> Ended:
        words = ["run", "--rm", "--network", "host", *(["--read-only"] if job.read_only else [])]
        for name, value in job.environment.items():
            words += ["--env", f"{name}={value}"]
        # Fargate's volume is root's with 0755 where the image has no VOLUME; theirs takes the image's folder.
        volumes = json.loads(checked(self.name, "image", "inspect", IMAGE))[0]["Config"].get("Volumes") or {}
        for path in job.volumes.keys() - volumes.keys():
            words += ["--mount", f"type=tmpfs,destination={path},tmpfs-mode=0755"]
        first, *rest = job.command
        return follow([self.name, *words, "--entrypoint", first, IMAGE, *rest], job.stop_after)

    def close(self) -> None:
        """The image stays: its layers are what makes the next build quick."""
