"""AWS Secrets Manager: secrets by name or ARN, and their client."""

from collections.abc import Mapping
from typing import Any

from tests.simulation.account import ACCOUNT, REGION
from tests.simulation.faults import client_error
from tests.simulation.kernel import Kernel


class SecretsManager:
    """The client. `texts`: the secrets by name; whoever changes one here rotates it."""

    def __init__(self, kernel: Kernel, texts: Mapping[str, str] | None = None) -> None:
        self.texts = dict(texts or {})
        self._kernel = kernel

    def arn(self, name: str) -> str:
        """The ARN of a secret, which ends in six characters of its own."""
        return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf"

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        def get() -> dict[str, Any]:
            name = SecretId
            if SecretId.startswith("arn:"):
                name = SecretId.rpartition(":")[2].rpartition("-")[0]
            if name not in self.texts:
                said = "Secrets Manager can't find the specified secret."
                raise client_error("GetSecretValue", "ResourceNotFoundException", 400, said)
            return {"ARN": self.arn(name), "Name": name, "SecretString": self.texts[name]}

        return self._kernel.call("secretsmanager", "GetSecretValue", get)
