"""Who may do what with which job. Whether somebody may call a route at all is IAM's; whose jobs the call
reaches is said here, by the role, the user, or a tag of either.
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from msgspec import Meta, Struct

from pulse.domain.caller import role_of
from pulse.domain.errors import NotAllowed, NotFound
from pulse.domain.fault import Fault

if TYPE_CHECKING:
    from pulse.domain.job.record import JobRecord

Reach = Literal["own", "pulse", "all"]
"""`own`: the jobs that the caller asked for; `pulse`: all that were asked for through Pulse or dropped;
`all`: also those that other clients gave to AWS Batch.
"""
Pattern = Annotated[
    str,
    Meta(
        pattern=r"^(?:role|user)/[\w+=,.@-]{0,128}\*?\Z",
        description="role/NAME or user/NAME, of which the last character may be *",
    ),
]
Patterns = Annotated[tuple[Pattern, ...], Meta(max_length=20, description="a list of at most 20 names")]
CallerTags = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=128)],
        Annotated[str, Meta(max_length=256)],
    ],
    Meta(max_length=10, description="at most 10 tags, each with its value"),
]
_NAME = re.compile(
    r"arn:[^:]*:(?:sts::[0-9]*:assumed-(?P<role>role/[^/]+)|iam::[0-9]*:user/(?:.*/)?(?P<user>[^/]+))"
)


class RequestedJob(Protocol):
    """What is known of who asked for a job, as JobRecord has it."""

    @property
    def asked_by(self) -> str: ...

    @property
    def foreign(self) -> bool: ...


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule for callers with one of these names and all of these tags; None: as where no rule fits."""

    callers: Patterns = ()
    tags: CallerTags = {}
    sees: Reach | None = None
    changes: Reach | None = None

    def faults(self) -> list[Fault]:
        if self.callers or self.tags:
            return []
        return [Fault("callers", "names, or tags beside it: whom the rule is about", "neither")]

    def fits(self, name: str, tags: Mapping[str, str]) -> bool:
        named = not self.callers or any(fnmatchcase(name, pattern) for pattern in self.callers)
        return named and all(tags.get(key) == value for key, value in self.tags.items())


class Access(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`sees` and `changes` (cancels) where none of the `rules` fits, of which the first that does decides.
    `many_people`: roles of which each session's name is a person. Of any other role the sessions are one
    caller, because every run of a pipeline has a session of its own.
    """

    sees: Reach = "all"
    changes: Reach = "pulse"
    rules: Annotated[tuple[Rule, ...], Meta(max_length=20, description="a list of at most 20 rules")] = ()
    many_people: Patterns = ("role/AWSReservedSSO_*",)

    def faults(self) -> list[Fault]:
        return [fault.below(f"rules[{i}]") for i, rule in enumerate(self.rules) for fault in rule.faults()]

    @property
    def needs_tags(self) -> bool:
        return any(rule.tags for rule in self.rules)

    def owner(self, arn: str) -> str:
        """As whom a caller is known: whose jobs are its own, and for whom an Idempotency-Key counts."""
        name = name_of(arn)
        is_person = any(fnmatchcase(name, pattern) for pattern in self.many_people)
        return arn if is_person else role_of(arn)

    def guard(self, arn: str, tags: Mapping[str, str]) -> "Guard":
        """What the caller with this ARN may do. `tags`: those of its role or its user."""
        rule = next((rule for rule in self.rules if rule.fits(name_of(arn), tags)), Rule())
        return Guard(self, arn, rule.sees or self.sees, rule.changes or self.changes)


class Guard(Struct, frozen=True):
    """Stands before every use case that a caller reaches jobs with."""

    access: Access
    arn: str
    sees: Reach
    changes: Reach

    @property
    def me(self) -> str:
        return self.access.owner(self.arn)

    def may_see(self, job: RequestedJob) -> bool:
        return self._reaches(self.sees, job)

    def seen(self, record: "JobRecord | None", job_id: str) -> "JobRecord":
        """Raises NotFound also where the caller may not know that there is such a job."""
        if record is None or not self.may_see(record):
            raise NotFound(job_id)
        return record

    def demand_change(self, record: "JobRecord") -> None:
        """Raises NotAllowed."""
        if not self._reaches(self.changes, record):
            raise NotAllowed(record.job_id, self.changes)

    def _reaches(self, reach: Reach, job: RequestedJob) -> bool:
        if reach == "own":
            return bool(self.me) and self.access.owner(job.asked_by) == self.me
        return reach == "all" or not job.foreign


UNLIMITED = Access(sees="all", changes="all").guard("", {})
"""The access of Pulse itself."""


def name_of(arn: str) -> str:
    """`role/NAME` of a role's session, `user/NAME` of a user; empty for anybody else."""
    found = _NAME.match(arn)
    if found is None:
        return ""
    return found["role"] or f"user/{found['user']}"
