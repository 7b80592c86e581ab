"""How much is printed, and for whom."""

from dataclasses import dataclass
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="The API's JSON on stdout, for programs.")]


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    json: AsJson = False
    verbose: Annotated[
        bool, typer.Option("--verbose", help="With a quote: the parameters that AWS Batch would get.")
    ] = False
