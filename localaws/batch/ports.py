"""What the engine needs of the world around it; `ministack_aws.py` gives it, and a test something simpler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from localaws.batch.model import Document
    from localaws.batch.scope import Scope


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials of a role, valid until they are forgotten."""

    access_key_id: str
    secret_access_key: str
    session_token: str

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }


class RoleNotAssumableError(Exception):
    """Raised when a task's role does not exist or does not trust ecs-tasks.amazonaws.com."""


class LogsRefusedError(Exception):
    """Raised when CloudWatch Logs refuses a group or stream; its text is the service's."""


class Aws(Protocol):
    @property
    def endpoint_url(self) -> str: ...

    def publish(self, scope: Scope, entry: Document) -> None:
        """Puts one event on the default bus; `entry` is shaped like an entry of PutEvents."""

    def assume(self, scope: Scope, role_arn: str, session: str) -> Credentials:
        """Credentials of a task's role. Raises RoleNotAssumableError."""

    def trusts(self, scope: Scope, role_arn: str, service: str) -> bool:
        """Whether there is such a role and its trust policy lets the service assume it."""

    def forget(self, credentials: Credentials) -> None:
        """The credentials are worthless from here on."""

    def denial(self, scope: Scope, credentials: Credentials, action: str, resource: str) -> str | None:
        """AWS's text when IAM denies the action to these credentials, None when it is allowed."""

    def zone(self, scope: Scope, subnet_ids: Sequence[str]) -> str:
        """The Availability Zone of the first of the subnets that EC2 knows, else the region's first."""

    def create_log_stream(self, scope: Scope, group: str, stream: str, *, create_group: bool) -> None:
        """Raises LogsRefusedError when the group does not exist and is not to be created."""

    def put_log_events(self, scope: Scope, group: str, stream: str, events: Sequence[Document]) -> None:
        """Appends events {timestamp (ms), message}; a stream that was deleted meanwhile is ignored."""


class Image(Protocol):
    """A built image, as `localaws.images.find` gives it."""

    @property
    def workdir(self) -> str: ...
    @property
    def entrypoint(self) -> list[str]: ...
    @property
    def cmd(self) -> list[str]: ...
    @property
    def env(self) -> dict[str, str]: ...
    @property
    def venv(self) -> Path | None: ...


@dataclass(frozen=True)
class Settings:
    """`seconds_scale` shortens time-outs, the 30 s before SIGKILL and the limits of a queue: 0.01 makes a
    minute last 0.6 s. `submits_per_second` 0 means no limit; jobs younger than `list_lag_seconds` are not
    listed yet; finished ones are forgotten after `kept_seconds`, 7 days as
    https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html says at least.
    """

    jobs_folder: Path
    find_image: Callable[[str], Image | None]
    now_ms: Callable[[], int]
    seconds_scale: float = 1.0
    submits_per_second: float = 50.0
    list_lag_seconds: float = 0.0
    kept_seconds: float = 7 * 24 * 3600

    def scale(self, containers: Sequence[Document]) -> float:
        """LOCALAWS_SECONDS_SCALE of the first container that sets it, else the server's."""
        variables = (one for container in reversed(containers) for one in container.get("environment", []))
        own = {one["name"]: one["value"] for one in variables}
        try:
            return float(own.get("LOCALAWS_SECONDS_SCALE", self.seconds_scale))
        except ValueError:
            return self.seconds_scale
