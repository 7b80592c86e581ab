"""`pulse rerun`: the request of a job once more, with changes."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pulse.cli import output
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.commands import quote, submission
from pulse.cli.commands.submission import SubmissionOptions
from pulse.cli.options import request_file
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.job_argument import JobId
from pulse.cli.options.output import OutputOptions
from pulse.cli.options.values import json_pair, once_each


@with_option_groups
def rerun(  # noqa: PLR0913 - one parameter an option or a group of them
    job_id: JobId,
    *,
    changes: Annotated[
        list[Any] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="A field of the request, its value in JSON or as text; repeatable. memory_mib=32768",
            parser=json_pair,
        ),
    ] = None,
    request: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Fields in JSON or YAML that replace those of the first request; --set wins.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    sending: SubmissionOptions,
    where: Connection,
    printing: OutputOptions,
) -> None:
    """Run a job's request again, as it was or with changes. The new job names the one it repeats."""
    sending.check()
    given = once_each(changes or (), "--set")
    over = request_file.merged(request_file.read(request) if request else {}, given)
    with output.report_errors():
        api = Deployment(where).api
        path = f"/jobs/{job_id}/rerun"
        if sending.dry_run:
            quote.show_quote(api, path, over, printing)
        else:
            submission.submit(api, path, over, sending, as_json=printing.json)
