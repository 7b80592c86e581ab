"""Where the results of a job lie, and how they come to this machine."""

from pathlib import Path
from typing import NamedTuple

import typer

from pulse.aws.client.results import ResultFile, Results
from pulse.cli import output
from pulse.cli.client import monitor
from pulse.cli.client.answers import Json
from pulse.cli.client.connection import Deployment
from pulse.cli.exit_codes import ExitCode
from pulse.domain.errors import Misconfigured
from pulse.domain.fault import printable, shown

HINT = "'--download'"
REPORT = "report.html"
_SCHEME = "s3://"


class Written(NamedTuple):
    """`job` decides how the run ended. `files` lie below `prefix` in the bucket of `store`."""

    job: Json
    store: Results
    prefix: str
    files: list[ResultFile]

    @property
    def report(self) -> ResultFile | None:
        return self.file(str(self.job.get("report") or REPORT))

    def file(self, name: str) -> ResultFile | None:
        return next((one for one in self.files if one.key == f"{self.prefix}{name}"), None)


def find(deployment: Deployment, job_id: str) -> Written:
    """The results of a run that ended well. Exits with JOB_FAILED when it failed, FAILED when it is not over,
    NOT_FOUND when nobody knows it. Raises Misconfigured, Unavailable.
    """
    job = monitor.deciding(deployment.api, monitor.get(deployment.api, job_id))
    status, known_as = str(job.get("status", "")), printable(str(job["job_id"]))
    if status == "FAILED":
        raise output.failed(
            f"{known_as} FAILED, and a run that failed has no results. Why: pulse explain {known_as}",
            ExitCode.JOB_FAILED,
        )
    if status != "SUCCEEDED":
        raise output.failed(
            f"{known_as} is {status}: its results are there when it has succeeded. pulse watch {known_as}"
        )
    bucket, _, prefix = str(job.get("results") or "").removeprefix(_SCHEME).partition("/")
    if not bucket or not prefix:
        raise Misconfigured(f"Where {known_as} wrote its results is not known: another client submitted it.")
    store = Results(deployment.session, bucket)
    return Written(job, store, prefix, list(store.files(prefix)))


def download(found: Written, folder: Path) -> list[str]:
    """Writes the files below `folder`, which is new or empty, and returns the names of those that cannot have
    their name on this machine. Raises typer.BadParameter, Misconfigured, Unavailable.
    """
    targets = [(file, path_of(file.key.removeprefix(found.prefix))) for file in found.files]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise typer.BadParameter(f"{printable(str(folder))} is not empty: name another", param_hint=HINT)
        with output.transfer("Downloading", sum(file.size_bytes for file in found.files)) as on_bytes:
            for file, path in targets:
                if path is not None:
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    found.store.download(file.key, folder / path, on_bytes)
    except OSError as error:
        place = f"{printable(str(folder))} cannot be written to: {error.strerror}"
        raise typer.BadParameter(place, param_hint=HINT) from error
    return [shown(file.key) for file, path in targets if path is None]


def path_of(name: str) -> Path | None:
    """The path of a result below a folder; None where its name would lead out of it or cannot be shown."""
    parts = name.split("/")
    safe = all(part not in ("", ".", "..") and part.isprintable() and "\\" not in part for part in parts)
    return Path(*parts) if safe else None
