"""`pulse quote`: what a request would become and cost; nothing is submitted."""

from typing import Any

import typer

from pulse.aws.client.signed_api import SignedApi
from pulse.cli import output
from pulse.cli.client import answers, calls
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.exit_codes import ExitCode
from pulse.cli.options import sources as request_sources
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.output import OutputOptions
from pulse.cli.options.replaced import ReplacedOptions
from pulse.cli.options.request import RequestOptions
from pulse.cli.options.sources import RequestSources
from pulse.cli.views import quote as quote_view


@with_option_groups
def quote(
    *,
    sources: RequestSources,
    options: RequestOptions,
    where: Connection,
    printing: OutputOptions,
    replaced: ReplacedOptions,
) -> None:
    """Print a job's likely cost, waiting time and resources, without submitting it.

    The options are those of pulse submit. Exit code 4 when the request would be refused.
    """
    with output.report_errors():
        deployment = Deployment(where)
        request = request_sources.request(deployment, sources, options, replaced)
        show_quote(deployment.api, "/jobs", request, printing)


def show_quote(api: SignedApi, path: str, request: dict[str, Any], printing: OutputOptions) -> None:
    """Prints the quote that `path` gives for `request`. Exits with REFUSED when it would be refused; raises
    NoAnswer.
    """
    answer = calls.call(api, "POST", path, body=request, query={"dry_run": "true"})
    quoted = answers.content(answer, as_json=printing.json)
    if printing.json:
        output.as_json(quoted)
    else:
        quote_view.show(quoted, verbose=printing.verbose)
    if quoted.get("refusals"):
        raise typer.Exit(ExitCode.REFUSED)
