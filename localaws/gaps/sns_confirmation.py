"""An http(s) subscription made by CloudFormation gets its confirmation request, as one made by a client
does.
"""

import asyncio
import threading
import uuid
from typing import Any

from localaws.gaps import templates
from localaws.ministack.patching import use


def install() -> None:
    templates.after("AWS::SNS::Subscription", _ask)


def _ask(subscription_arn: str, properties: dict[str, Any], _old: dict[str, Any]) -> None:
    if properties.get("Protocol") not in ("http", "https"):
        return
    topic_arn = properties.get("TopicArn", "")
    subscription = use("services.sns._find_subscription")(topic_arn, subscription_arn)
    if subscription is None or subscription.get("confirmed") or subscription.get("token"):
        return
    subscription["token"] = uuid.uuid4().hex
    subscription["attributes"]["PendingConfirmation"] = "true"
    send = use("services.sns._send_subscription_confirmation")
    threading.Thread(target=lambda: asyncio.run(send(topic_arn, subscription)), daemon=True).start()
