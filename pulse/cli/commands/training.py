"""`pulse training`: which trainings there are, a new one to begin with, and whether one works."""

import re
import shutil
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from pulse.cli import output
from pulse.cli.client import answers, calls
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.exit_codes import ExitCode
from pulse.cli.options import values
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.output import AsJson
from pulse.domain.alerts.variables import table
from pulse.domain.fault import listed, printable
from pulse.domain.training.definition import Described, Training
from pulse.domain.training.headline import headline, in_words
from pulse.domain.training.metrics import TrainingMetrics, parse_values
from pulse.domain.training.parameters import faults_of

CLONE = Path(__file__).resolve().parents[3]
NEW, SAMPLES = CLONE / "trainings", CLONE / "samples" / "trainings"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class Kind(StrEnum):
    """What a new training begins with, by the sample that is copied."""

    sklearn = "wine"
    shell = "summary"


app = typer.Typer(help="Which trainings there are, a new one, and whether one works.", no_args_is_help=True)


@app.command("list")
@with_option_groups
def list_trainings(*, json: AsJson = False, where: Connection) -> None:
    """List the trainings that a request can name, with their parameters and metrics."""
    with output.report_errors():
        answer = calls.call(Deployment(where).api, "GET", "/trainings")
        found = answers.content(answer, as_json=json)
    if json:
        output.as_json(found)
        return
    rows = [
        [one["name"], _parameters(one), ", ".join(one.get("headline", ())), one.get("help", "")]
        for one in found["trainings"]
    ]
    output.table(output.data, ("training", "parameters", "metrics", "what it is"), rows)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")],
    *,
    kind: Annotated[
        str,
        typer.Option("--from", metavar="KIND", help=f"What to begin with: {', '.join(Kind.__members__)}."),
    ] = "sklearn",
) -> None:
    """Make a folder with a training that works: training.yaml, Dockerfile, a program and a sample."""
    if not _NAME.fullmatch(name) or name == "retrodiction":
        raise output.failed(
            f"{printable(name)}: allowed are 1 to 32 lower-case letters, digits and hyphens, beginning with "
            "a letter, and not retrodiction.",
            ExitCode.USAGE,
        )
    if kind not in Kind.__members__:
        raise output.failed(f"--from: allowed is one of {', '.join(Kind.__members__)}.", ExitCode.USAGE)
    folder = NEW / name
    if folder.exists():
        raise output.failed(
            f"{folder.relative_to(CLONE)} is there already. Take another name.", ExitCode.USAGE
        )
    shutil.copytree(SAMPLES / Kind[kind].value, folder)
    file = folder / "training.yaml"
    file.write_text(re.sub(r"\Aname: .*", f"name: {name}", file.read_text()))
    output.facts(
        f"trainings/{name}/",
        [
            ("files", ", ".join(sorted(one.name for one in folder.iterdir()))),
            ("next", f"pulse training check {name}"),
            ("then", "pulse local up --detach, or cdk deploy --all"),
        ],
    )


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="The name of its folder.")],
    *,
    parameters: Annotated[
        list[Any] | None,
        typer.Option(
            "--parameter",
            metavar="NAME=VALUE",
            help="Other than its default; repeatable.",
            parser=values.json_pair,
        ),
    ] = None,
) -> None:
    """Read a training's file as synth does, run the program on its sample, and show what Pulse understands.

    Runs on this machine, without AWS and without Docker. Ends with 1 where something is wrong.
    """
    from localaws.errors import SetUpFailed  # noqa: PLC0415
    from localaws.images.dockerfile import DockerfileError  # noqa: PLC0415 - no other verb needs it
    from pulse.cli.try_training import run, sample_of  # noqa: PLC0415

    found = _described(name)
    training, folder = found.training, Path(found.folder or "")
    given = values.once_each(parameters or (), "--parameter")
    if faults := faults_of(training.parameters, given):
        raise output.failed(f"What {name} does not take:\n{listed(faults)}", ExitCode.USAGE)
    if found.folder is None:
        output.messages.print(
            f"training.yaml is right. {name} is an image only: there is nothing to run here."
        )
        return
    if not training.has_folder:
        output.messages.print(
            f"training.yaml is right. {name} reads S3 itself: try it with pulse local up.", markup=False
        )
        return
    sample = sample_of(folder)
    if sample is None and training.data != "none":
        raise output.failed(
            f"training.yaml is right. To run it, put a data set beside it, such as {folder.name}/sample.csv."
        )
    try:
        tried = run(
            training,
            folder,
            sample,
            given,
            lambda line: output.messages.print(f"  {printable(line)}", markup=False),
        )
    except (DockerfileError, SetUpFailed, OSError) as error:
        raise output.failed(f"{name} could not be built or started here: {printable(str(error))}") from error
    metrics = parse_values(tried.metrics, training.metrics) if training.metrics and tried.metrics else None
    _show(training, sample, tried.exit_code, tried.files, metrics)
    if tried.exit_code or (training.metrics and not metrics) or (metrics and metrics.warnings):
        raise typer.Exit(ExitCode.FAILED)


def _described(name: str) -> Described:
    done = subprocess.run(
        [sys.executable, "-m", "infra.described", name], cwd=CLONE, capture_output=True, check=False
    )
    if done.returncode:
        raise output.failed(done.stderr.decode(errors="replace").strip(), ExitCode.USAGE)
    return msgspec.json.decode(done.stdout, type=Described)


def _show(
    training: Training,
    sample: Path | None,
    exit_code: int,
    files: dict[str, int],
    metrics: TrainingMetrics | None,
) -> None:
    meaning = training.exit_codes.get(str(exit_code))
    ended = (
        "0"
        if not exit_code
        else f"{exit_code}: {meaning.explanation if meaning else 'training.yaml does not say what it means'}"
    )
    file = training.metrics.file if training.metrics else ""
    unread = f"no {file} that is a JSON object of numbers" if training.metrics and not metrics else ""
    found = (
        in_words(headline(metrics, None, training.metrics.headline)) if metrics and training.metrics else ""
    )
    output.facts(
        f"{training.name} {'works' if not (exit_code or unread) else 'does not work yet'}",
        [
            ("sample", sample.name if sample else ""),
            ("exit code", ended),
            ("result", found or unread),
            *(("read this first", sentence) for sentence in (metrics.warnings if metrics else ())),
            ("files", ", ".join(f"{one} ({size} B)" for one, size in files.items()) or "none"),
        ],
    )
    rows = table(metrics, None) if metrics else ()
    if rows:
        output.table(output.data, rows[0], rows[1:])


def _parameters(one: dict[str, Any]) -> str:
    def shown(name: str, schema: dict[str, Any]) -> str:
        default = schema.get("default")
        return name if default is None else f"{name}={default}"

    return ", ".join(shown(name, schema) for name, schema in one.get("parameters", {}).items())
