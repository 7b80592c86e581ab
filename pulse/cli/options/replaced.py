"""Options of the replaced script that the deployment decides: accepted where they say what is so anyway."""

from dataclasses import dataclass
from typing import Annotated

import typer

from pulse.cli import output
from pulse.cli.client.connection import Deployment
from pulse.cli.exit_codes import ExitCode
from pulse.domain.errors import PulseError
from pulse.domain.fault import shown

PANEL = "Options of the replaced script: the deployment decides, another value is refused"


def _decided(name: str, metavar: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, metavar=metavar, rich_help_panel=PANEL)
    return option


@dataclass(frozen=True, kw_only=True)
class ReplacedOptions:
    job_definition: Annotated[str | None, _decided("--job-definition", "NAME")] = None
    s3_data_bucket: Annotated[str | None, _decided("--s3-data-bucket", "NAME")] = None
    s3_results_bucket: Annotated[str | None, _decided("--s3-results-bucket", "NAME")] = None

    def check(self, deployment: Deployment) -> None:
        """Exits with REFUSED when one of them is not what the deployment has; warns where that is unknown."""
        given = {
            ("--job-definition", "JobDefinition"): self.job_definition,
            ("--s3-data-bucket", "DataBucket"): self.s3_data_bucket,
            ("--s3-results-bucket", "ResultsBucket"): self.s3_results_bucket,
        }
        refused = []
        for (option, name), value in given.items():
            if not value:
                continue
            known = _known(deployment, name)
            if known is None:
                output.warn(
                    f"{option} {shown(value)} cannot be compared and has no effect: the deployment decides."
                )
            elif value not in _spellings(known):
                refused.append((option, _spellings(known)[-1], value))
        if refused:
            output.table(output.messages, ("option", "the deployment has", "found"), refused, "red")
            raise output.failed(
                "Nothing was submitted. The deployment decides these: leave them out, or name the deployment "
                "that has them (--api-url, --stack-prefix).",
                ExitCode.REFUSED,
            )


def _spellings(known: str) -> list[str]:
    """A job definition's ARN, its name with revision, its name; a bucket has one spelling."""
    with_revision = known.rpartition("/")[2]
    return [known, with_revision, with_revision.partition(":")[0]]


def _known(deployment: Deployment, name: str) -> str | None:
    """Nothing, rather than an error, where the stack cannot be read: its address may have been given."""
    try:
        return deployment.known(name)
    except PulseError:
        return None
