"""The real stacks, deployed by the CDK to an AWS on this machine, for as long as a benchmark lasts."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from localaws import instance
from localaws.instance import Instance
from pulse.cli.local import stacks
from pulse.cli.local.stacks import Addresses


@contextmanager
def deployed(console: Console) -> Iterator[tuple[Instance, Addresses]]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        found = instance.up(root)
        try:
            yield found, stacks.deploy_all(found, lambda line: console.print(line, style="dim"))
        finally:
            instance.down(root)
