"""What the `pulse` command's exit code says, the same for every verb."""

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    JOB_FAILED = 5
    INTERRUPTED = 130
    """As a shell says of Ctrl+C: 128 and the signal's number."""
