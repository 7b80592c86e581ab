"""Where Pulse is: the address of its API, and what else of the deployment is known here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

import httpx
import typer

from pulse.aws.client import signed_api, stack_outputs
from pulse.aws.client.signed_api import SignedApi
from pulse.domain.errors import Misconfigured

PANEL = "Where Pulse is"
ADDRESS = "ApiUrl"
VARIABLES = {
    "DataBucket": "PULSE_DATA_BUCKET",
    "ResultsBucket": "PULSE_RESULTS_BUCKET",
    "JobDefinition": "PULSE_JOB_DEFINITION",
}
"""The outputs of the stack that the environment can name too, as `pulse local env` prints it."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A flag counts more than a variable: with --stack-prefix alone, the stack says where everything is."""

    api_url: Annotated[
        str | None,
        typer.Option(
            envvar="PULSE_API_URL",
            metavar="URL",
            help="Address of the API; without: the output ApiUrl of the deployed stack.",
            rich_help_panel=PANEL,
        ),
    ] = None
    stack_prefix: Annotated[
        str,
        typer.Option(
            envvar="PULSE_STACK_PREFIX",
            metavar="TEXT",
            help="As names.stack_prefix of the configuration.",
            rich_help_panel=PANEL,
        ),
    ] = "Pulse"
    aws_region: Annotated[
        str | None,
        typer.Option(
            envvar="AWS_REGION",
            metavar="REGION",
            help="Without: that of the AWS profile, else us-east-1.",
            rich_help_panel=PANEL,
        ),
    ] = None
    context: typer.Context = field(default=None)  # type: ignore[assignment] # Typer fills it in

    @property
    def names_stack(self) -> bool:
        """Whether a flag names the stack, and none the address."""
        return self._is_flag("stack_prefix") and not self._is_flag("api_url")

    def _is_flag(self, option: str) -> bool:
        source = self.context.get_parameter_source(option) if self.context else None
        return source is not None and source.name == "COMMANDLINE"


class Deployment:
    """Reads the stack's outputs when something is asked for that was not given, once."""

    def __init__(self, where: Connection, environment: Mapping[str, str] = os.environ) -> None:
        self._given_url = (where.api_url and not where.names_stack and _checked(where.api_url)) or None
        self._environment = {} if where.names_stack else environment
        self.stack = f"{where.stack_prefix}Jobs"
        self.session = signed_api.session(where.aws_region)

    @cached_property
    def api(self) -> SignedApi:
        """Raises Misconfigured when there is no address, Unavailable when AWS cannot be asked for it."""
        return SignedApi(self._given_url or self.output(ADDRESS), self.session)

    @cached_property
    def outputs(self) -> dict[str, str] | None:
        """None when the stack is not there. Raises Misconfigured, Unavailable."""
        return stack_outputs.outputs(self.session, self.stack)

    def output(self, name: str) -> str:
        """An output of the stack. Raises Misconfigured when it has none of this name, Unavailable."""
        if name not in (self.outputs or {}):
            raise Misconfigured(self.missing(name))
        return (self.outputs or {})[name]

    def missing(self, name: str) -> str:
        """Why there is no such output, and what to do."""
        place = f"{self.stack} in {self.session.region_name}"
        if self.outputs is not None:
            return f"The stack {place} has no output {name}. Deploy this version of Pulse."
        return (
            f"There is no stack {place}. Deploy it (make deploy ENV=…), name another region or prefix "
            "(--aws-region, --stack-prefix), or give the API's address (--api-url or PULSE_API_URL). On this "
            'machine: pulse local up --detach, then eval "$(pulse local env)".'
        )

    def known(self, name: str) -> str | None:
        """What the environment or the stack says of one of `VARIABLES`; None where neither does.

        An address that was given may be that of another deployment: then the stack counts only when it names
        the same one.
        """
        if value := self._environment.get(VARIABLES[name]):
            return value
        outputs = self.outputs or {}
        same = self._given_url in (None, outputs.get(ADDRESS, "").rstrip("/"))
        return outputs.get(name) if same else None


def _checked(url: str) -> str:
    """Raises typer.BadParameter when it is no address."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise typer.BadParameter(f"{url!r}: {error}", param_hint="'--api-url'") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise typer.BadParameter(f"an address beginning with https://, not {url!r}", param_hint="'--api-url'")
    return url.rstrip("/")
