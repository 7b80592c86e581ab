"""What can go wrong with an instance.

LocalAwsError
├── PortOutOfRange   no such port exists
├── PortInUse        the port asked for is taken by another program
├── AlreadyRunning   this folder's instance runs already
├── FolderUnusable   the instance's folder cannot be written
├── NoKeys           the instance's keys cannot be read
├── StartFailed      the server did not come up (carries the log's tail)
├── StopFailed       the server did not go away
├── SetUpFailed      a virtual environment or an image could not be made
├── DeployFailed     a stack was not created or updated (carries the reasons)
└── StillWaiting     a stack or a job was not done in time
"""

from pathlib import Path


class LocalAwsError(Exception):
    """Base of every error below; the message is meant for a person."""


class PortOutOfRange(LocalAwsError):
    def __init__(self, port: int) -> None:
        super().__init__(f"There is no port {port}. Choose one from 1 to 65535, or 0 for any free port.")


class PortInUse(LocalAwsError):
    def __init__(self, port: int, holder: str | None) -> None:
        self.port = port
        by = f" by {holder}" if holder else ""
        super().__init__(f"Port {port} is already in use{by}. Choose another one, or 0 for any free port.")


class AlreadyRunning(LocalAwsError):
    def __init__(self, root: Path, port: int, pid: int) -> None:
        self.root, self.port, self.pid = root, port, pid
        super().__init__(
            f"AWS on this machine already runs for {root}: http://127.0.0.1:{port} (process {pid}). "
            "Use it as it is, or stop it first."
        )


class FolderUnusable(LocalAwsError):
    def __init__(self, root: Path, error: OSError) -> None:
        super().__init__(
            f"AWS on this machine cannot keep its files in {root}: {error}. Choose another folder."
        )


class NoKeys(LocalAwsError):
    def __init__(self, root: Path, error: Exception) -> None:
        super().__init__(
            f"The keys of the AWS on this machine in {root} cannot be read: {error}. It belongs to another "
            "user, or was started by an older version: stop it and start it again."
        )


class StartFailed(LocalAwsError):
    def __init__(self, reason: str, log: Path, tail: str) -> None:
        self.log, self.tail = log, tail
        shown = tail.strip() or "(the log is empty)"
        super().__init__(f"AWS on this machine did not start: {reason}.\nThe end of its log, {log}:\n{shown}")


class StopFailed(LocalAwsError):
    def __init__(self, pid: int) -> None:
        super().__init__(f"Process {pid} did not end, not even on SIGKILL.")


class SetUpFailed(LocalAwsError):
    def __init__(self, what: str, command: list[str], output: str) -> None:
        super().__init__(f"{what} failed: {' '.join(command)}\n{output.strip()}")


class DeployFailed(LocalAwsError):
    def __init__(self, stack: str, status: str, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("\n".join([f"The stack {stack} is {status}:", *reasons]))


class StillWaiting(LocalAwsError):
    def __init__(self, what: str, seconds: float, found: object) -> None:
        super().__init__(f"Still waiting for {what} after {seconds:g} s. It is: {found}")
