"""What clients need of an environment's configuration: the stacks' prefix, the region, the account."""

from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from pulse.cli.client import request_yaml
from pulse.domain.errors import Misconfigured
from pulse.domain.fault import printable
from pulse.domain.validation import InvalidInput

CLONE = Path(__file__).parents[3]
FOLDER = CLONE / "config"


class Environment(Struct, frozen=True, kw_only=True):
    """None where the configuration says nothing."""

    stack_prefix: str | None = None
    region: str | None = None
    account: str | None = None

    @property
    def connection(self) -> dict[str, Any]:
        """The options of Connection that it decides."""
        options = {"stack_prefix": self.stack_prefix, "aws_region": self.region}
        return {name: value for name, value in options.items() if value}

    def check_account(self, arn: str) -> None:
        """Raises Misconfigured when `arn` is of another account than the configuration's."""
        found = arn.split(":")[4]
        if self.account and found != self.account:
            raise Misconfigured(
                f"The configuration is for the account {self.account}, these credentials are of {found}. "
                "Take those of the other account (AWS_PROFILE), or name another environment."
            )


def read_environment(name: str, folder: Path = FOLDER) -> Environment:
    """Reads config/NAME.yaml, and default.yaml for what that leaves out. Raises Misconfigured."""
    known = sorted(file.stem for file in folder.glob("*.yaml") if file.stem not in ("default", "prices"))
    if name not in known:
        files = ", ".join(known)
        raise Misconfigured(f"There is no environment {printable(name)} in {folder}. There are: {files}.")
    documents = [_read(folder / f"{file}.yaml") for file in (name, "default")]
    names = [_section(document, "names") for document in documents]
    prefix, of = (_first([one.get(key) for one in names]) for key in ("stack_prefix", "environment"))
    return Environment(
        # As the stacks are named: PulseStagingJobs.
        stack_prefix=f"{prefix or ''}{(of or '').title()}",
        region=_first([document.get("region") for document in documents]),
        account=_first([document.get("account") for document in documents]),
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        found = request_yaml.read(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, InvalidInput) as error:
        raise Misconfigured(f"{file} cannot be read: {error}") from None
    return found if isinstance(found, dict) else {}


def _section(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _first(values: list[Any]) -> str | None:
    return next((str(value) for value in values if value), None)
