"""Where the `pulse` command begins."""

import sys

from pulse.cli.exit_codes import ExitCode


def main() -> None:
    """Ctrl+C ends it without a traceback, also while it imports what takes most of its first second."""
    try:
        from pulse.cli.main import app  # noqa: PLC0415

        app(prog_name="pulse")
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    main()
