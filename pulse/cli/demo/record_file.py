"""Where records of the demo lie on disk."""

from pathlib import Path
from typing import Annotated

import typer

from pulse.cli.client.environment import CLONE
from pulse.cli.demo import job
from pulse.cli.demo.job import Job
from pulse.domain.demo import record
from pulse.domain.demo.record import DemoRecord
from pulse.domain.errors import Misconfigured
from pulse.domain.validation import InvalidInput

FOLDER = CLONE / ".cache" / "demo"
LOCAL = "local"

Record = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Write the record there.", dir_okay=False),
]


def place_of(of: str) -> Path:
    """Where the record of an environment lies unless somebody says otherwise."""
    return FOLDER / f"{of}.json"


def write(jobs: list[Job], of: str, file: Path | None) -> Path:
    """The file that it is written to. Raises Misconfigured when it cannot be."""
    file = file or place_of(of)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(record.to_json(job.record(jobs, of)), encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"The record {file} cannot be written: {error}") from None
    return file


def read(file: Path) -> DemoRecord:
    """Raises Misconfigured with what is wrong with it."""
    try:
        return record.from_json(file.read_bytes())
    except FileNotFoundError:
        raise Misconfigured(
            f"There is no record {file} to compare with. Write one: pulse local demo"
        ) from None
    except (OSError, InvalidInput) as error:
        raise Misconfigured(f"The record {file} cannot be read: {error}") from None
