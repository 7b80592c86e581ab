"""The section `alerts` of the configuration: who is told, and through which channel."""

from typing import Annotated

from msgspec import Meta, Struct

from infra.config.types import EmailAddress, Host


class Slack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    webhook_secret: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}\Z",
            description="the name of a secret in AWS Secrets Manager: letters, digits and /_+=.@-",
        ),
    ]
    allowed_hosts: Annotated[
        tuple[Host, ...],
        Meta(min_length=1, description="a list of at least one host such as hooks.slack.com"),
    ] = ("hooks.slack.com",)
    rate_per_second: Annotated[
        float, Meta(gt=0, le=100, description="messages a second, a number above 0 and up to 100")
    ] = 1.0


class AmazonQ(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    workspace_id: Annotated[
        str, Meta(pattern=r"^[0-9A-Z]{1,255}\Z", description="a Slack workspace id such as T0123456789")
    ]
    channel_id: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9]{1,255}\Z", description="a Slack channel id such as C0123456789")
    ]


class Alerts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    encrypt_topics: bool
    emails: tuple[EmailAddress, ...] = ()
    slack: Slack | None = None
    amazon_q: AmazonQ | None = None

    @property
    def alarms_are_heard(self) -> bool:
        """The webhook carries Pulse's own alerts, not CloudWatch's alarms of what could not be handled."""
        return bool(self.emails or self.amazon_q)
