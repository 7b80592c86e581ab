"""Secrets Manager: one secret, kept for a while."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulse.aws.errors import as_domain_errors

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT_SECONDS = 300


class Secret:
    """Needs `secretsmanager:GetSecretValue` on the secret. `secret_id` is its ARN or name."""

    def __init__(
        self, client: "SecretsManagerClient", secret_id: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._secret_id = secret_id
        self._clock = clock
        self._value = ""
        self._read_at: float | None = None

    def value(self) -> str:
        """The secret's text, at most KEPT_SECONDS old. Raises Unavailable, Misconfigured."""
        if self._read_at is None or self._clock() - self._read_at > KEPT_SECONDS:
            with as_domain_errors("Reading a secret"):
                self._value = self._client.get_secret_value(SecretId=self._secret_id)["SecretString"]
            self._read_at = self._clock()
        return self._value

    def forget(self) -> None:
        self._read_at = None
