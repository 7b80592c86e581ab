"""`python -m localaws up|down|env`: AWS on this machine, from a shell."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from localaws import instance
from localaws.errors import LocalAwsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; 1 when it could not be done, or when `env` finds nothing running; 2 for a wrong command
    line.
    """
    options = _options(arguments)
    try:
        if options.verb == "up":
            started = instance.up(options.root, options.port, on_progress=_tell)
            _say(f"AWS    {started.endpoint_url}\nInbox  {started.inbox_url}/\nLog    {started.log}")
        elif options.verb == "down":
            instance.down(options.root, erase=options.erase)
        else:
            return _env(options.root)
    except LocalAwsError as error:
        _tell(str(error))
        return 1
    return 0


def _env(root: Path) -> int:
    found = instance.running(root)
    if found is None:
        _tell(f"Nothing runs for {root}. Start it with: python -m localaws up")
        return 1
    for line in found.shell_lines():
        _say(line)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m localaws", description=__doc__)
    parser.add_argument("--root", type=Path, default=instance.DEFAULT_ROOT, help="folder of the instance")
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="start it, in the background")
    up.add_argument("--port", type=int, default=0, help="0: the last one, or any free one")
    down = verbs.add_parser("down", help="stop it; its state is kept")
    down.add_argument("--erase", action="store_true", help="forget its state")
    verbs.add_parser("env", help="print what to export for AWS clients and the CDK")
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
