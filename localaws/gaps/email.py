"""E-mail subscriptions of SNS topics, which MiniStack only logs, arrive in the inbox."""

from typing import Any

from localaws.inbox import box
from localaws.ministack.patching import use, wrap

_DEFAULT_SUBJECT = "AWS Notification Message"


def install() -> None:
    wrap("services.sns._fanout", _and_email)


def _and_email(  # noqa: PLR0913, PLR0917 - MiniStack's parameters
    original: Any,
    topic_arn: str,
    msg_id: str,
    message: str,
    subject: str,
    message_structure: str = "",
    message_attributes: dict[str, Any] | None = None,
    *rest: Any,
    **named: Any,
) -> Any:
    attributes = message_attributes or {}
    done = original(topic_arn, msg_id, message, subject, message_structure, attributes, *rest, **named)
    topic = use("services.sns._topic_by_arn_any_scope")(topic_arn) or {}
    for subscription in topic.get("subscriptions", []):
        protocol = subscription.get("protocol")
        if protocol not in ("email", "email-json") or not subscription.get("confirmed"):
            continue
        text = use("services.sns._resolve_message_for_protocol")(message, message_structure, protocol)
        if not use("services.sns._matches_filter_policy")(subscription, attributes, text):
            continue
        if protocol == "email-json":
            text = use("services.sns._build_envelope")(
                topic_arn, msg_id, text, subject, attributes, raw=False
            )
        box().receive_email(
            to=subscription["endpoint"],
            subject=subject or _DEFAULT_SUBJECT,
            text=text,
            attributes={name: _value(attribute) for name, attribute in attributes.items()},
        )
    return done


def _value(attribute: Any) -> str:
    if isinstance(attribute, dict):
        return str(attribute.get("StringValue") or attribute.get("BinaryValue") or "")
    return str(attribute)
