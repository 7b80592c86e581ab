"""After which ends of an attempt AWS Batch tries again: evaluateOnExit as data.

https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html. Rules are tried in order, at
most five; the first match decides, and no match means RETRY. So the rules here name what ends for good: what
has no exit code never ran to an end, and is tried again unless it can never work.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from pulse.domain.fault import Fault, shown

MAX_RULES = 5
_ONLY_AT_END = "where * stands only at the end"

ReasonGlob = Annotated[
    str,
    Meta(
        pattern=r"^(?=.)[A-Za-z0-9.: \t]{0,511}[A-Za-z0-9.: \t*]\Z",
        description=f"1 to 512 letters, digits, periods, colons and spaces, {_ONLY_AT_END}",
    ),
]
ExitCodeGlob = Annotated[
    str,
    Meta(pattern=r"^(?=.)[0-9]{0,511}[0-9*]\Z", description=f"1 to 512 digits as a string, {_ONLY_AT_END}"),
]


class RetryRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All conditions given must match. An attempt may have no exit code (image not pulled, host lost)."""

    action: Literal["RETRY", "EXIT"]
    on_status_reason: ReasonGlob | None = None
    on_reason: ReasonGlob | None = None
    on_exit_code: ExitCodeGlob | None = None

    def faults(self) -> list[Fault]:
        if self.on_status_reason or self.on_reason or self.on_exit_code:
            return []
        return [Fault("", "at least one of on_status_reason, on_reason, on_exit_code", shown(None))]

    def parameters(self) -> dict[str, str]:
        """The rule as SubmitJob takes it."""
        conditions = {
            "onStatusReason": self.on_status_reason,
            "onReason": self.on_reason,
            "onExitCode": self.on_exit_code,
        }
        return {name: glob for name, glob in conditions.items() if glob} | {"action": self.action}


DEFAULT_RULES = (
    RetryRule(action="RETRY", on_exit_code="75"),  # EX_TEMPFAIL, how the training says "again, please"
    # The container ended by itself. One that AWS stopped (Spot, a lost host) may have an exit code too.
    RetryRule(action="EXIT", on_status_reason="Essential container in task exited*", on_exit_code="*"),
    RetryRule(action="EXIT", on_status_reason="OutOfMemoryError*"),  # on Fargate; on EC2 it is the rule above
    # Amazon ECS has pulled the image several times itself; what is wrong with it stands behind its name.
    RetryRule(action="EXIT", on_reason="Cannot*"),
    RetryRule(action="EXIT", on_status_reason="ResourceInitializationError*"),  # secrets, logs, volumes
)


class RetryPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    rules: tuple[RetryRule, ...] = DEFAULT_RULES

    def faults(self) -> list[Fault]:
        if len(self.rules) <= MAX_RULES:
            return []
        return [
            Fault(
                "rules", f"at most {MAX_RULES} rules, the limit of evaluateOnExit", f"{len(self.rules)} rules"
            )
        ]

    def strategy(self, attempts: int) -> dict[str, object]:
        """SubmitJob's retryStrategy."""
        rules = [rule.parameters() for rule in self.rules]
        return {"attempts": attempts, **({"evaluateOnExit": rules} if rules else {})}
