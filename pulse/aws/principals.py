"""IAM: the tags of the roles and users that call."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pulse.aws.errors import as_domain_errors, code
from pulse.domain.access import name_of

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

KNOWN_FOR = timedelta(minutes=1)


class Principals:
    """Needs `iam:ListRoleTags` and `iam:ListUserTags`."""

    def __init__(self, make_client: Callable[[], "IAMClient"], clock: Callable[[], datetime]) -> None:
        self._make_client = make_client
        self._clock = clock
        self._known: dict[str, tuple[datetime, dict[str, str]]] = {}

    @cached_property
    def _client(self) -> "IAMClient":
        return self._make_client()

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of the role or user with this ARN, at most a minute old; none for anybody else.
        Raises Unavailable, Misconfigured.
        """
        name = name_of(arn)
        until, tags = self._known.get(name, (self._clock(), {}))
        if name and until <= self._clock():
            tags = self._read(*name.split("/", 1))
            self._known = {name: (self._clock() + KNOWN_FOR, tags)}
        return tags

    def _read(self, kind: str, name: str) -> dict[str, str]:
        # Neither has more than 50, and a page holds 100.
        with as_domain_errors(f"Reading the tags of a {kind}"):
            try:
                found = (
                    self._client.list_role_tags(RoleName=name)
                    if kind == "role"
                    else self._client.list_user_tags(UserName=name)
                )
            except ClientError as error:
                if code(error) == "NoSuchEntity":
                    return {}
                raise
        return {tag["Key"]: tag["Value"] for tag in found["Tags"]}
