"""One account in one region: where Batch's names live, and how they are written as ARNs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    account: str
    region: str

    def arn(self, kind: str, name: str) -> str:
        """For example `arn:aws:batch:us-east-1:000000000000:job-queue/NAME` for kind `job-queue`."""
        return f"arn:aws:batch:{self.region}:{self.account}:{kind}/{name}"

    def name_of(self, kind: str, reference: str) -> str | None:
        """The name in an ARN of this kind and scope; a bare name is itself; None for a foreign ARN."""
        if not reference.startswith("arn:"):
            return reference
        prefix = self.arn(kind, "")
        return reference[len(prefix) :] if reference.startswith(prefix) else None

    def key(self) -> str:
        return f"{self.account}/{self.region}"

    @staticmethod
    def from_key(key: str) -> Scope:
        account, _, region = key.partition("/")
        return Scope(account, region)
