"""Where a request comes from: a file, an uploaded data set, and options, the later over the earlier."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from pulse.cli.client import upload
from pulse.cli.client.connection import Deployment
from pulse.cli.options import request_file
from pulse.cli.options.replaced import ReplacedOptions
from pulse.cli.options.request import RequestOptions

PANEL = "What is trained"


@dataclass(frozen=True, kw_only=True)
class RequestSources:
    request_file: Annotated[
        Path | None,
        typer.Option(
            "--request",
            metavar="FILE",
            help="A request in JSON or YAML; options given beside it win.",
            exists=True,
            dir_okay=False,
            rich_help_panel=PANEL,
        ),
    ] = None
    upload_file: Annotated[
        Path | None,
        typer.Option(
            "--upload",
            metavar="FILE",
            help="Upload this file (CSV, Parquet, …), unless it is there already, and train on it.",
            rich_help_panel=PANEL,
        ),
    ] = None


def request(
    deployment: Deployment, sources: RequestSources, options: RequestOptions, replaced: ReplacedOptions
) -> dict[str, Any]:
    """The request as JSON: only what was given. Raises typer.BadParameter, Misconfigured and Unavailable;
    exits with REFUSED when a replaced option is not what the deployment has.
    """
    given = options.given()
    if sources.upload_file and options.dataset:
        raise typer.BadParameter("one of them names the data set", param_hint="'--upload', '--dataset'")
    content = request_file.read(sources.request_file) if sources.request_file else {}
    replaced.check(deployment)
    if sources.upload_file:
        training = given.get("training", content.get("training"))
        content = request_file.merged(content, upload.upload(sources.upload_file, deployment, training))
    return request_file.merged(content, given)
