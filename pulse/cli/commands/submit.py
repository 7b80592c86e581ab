"""`pulse submit`: one request, one job."""

from pulse.cli import output
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.commands import quote, submission
from pulse.cli.commands.submission import SubmissionOptions
from pulse.cli.options import sources as request_sources
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.output import OutputOptions
from pulse.cli.options.replaced import ReplacedOptions
from pulse.cli.options.request import RequestOptions
from pulse.cli.options.sources import RequestSources


@with_option_groups
def submit(  # noqa: PLR0913 - one parameter a group of options
    *,
    sources: RequestSources,
    options: RequestOptions,
    sending: SubmissionOptions,
    where: Connection,
    printing: OutputOptions,
    replaced: ReplacedOptions,
) -> None:
    """Submit a training job.

    What is not given is not sent: the profile and the configuration of the deployment decide. The defaults
    of the replaced script (--variables spx_close us_10y_yield, --start-date 2022-01-01, …) live on only in
    `python -m recursive_training.aws_batch_submit`.

    Run again after an interruption, the same command finds the first submission.
    """
    sending.check()
    with output.report_errors():
        deployment = Deployment(where)
        request = request_sources.request(deployment, sources, options, replaced)
        if sending.dry_run:
            quote.show_quote(deployment.api, "/jobs", request, printing)
        else:
            submission.submit(deployment.api, "/jobs", request, sending, as_json=printing.json)
