"""The section `deployment` of the configuration: who may deploy without keys that are stored somewhere."""

from typing import Annotated

from msgspec import Meta, Struct


class GitHub(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`provider_exists`: the account knows GitHub's tokens already; it can know an issuer only once."""

    repository: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}\Z",
            description="a repository on GitHub such as owner/name",
        ),
    ]
    environment: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._-]{1,255}\Z",
            description="the name of an environment of that repository, in which deployments run",
        ),
    ]
    provider_exists: bool = False


class Deployment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    github: GitHub | None = None
