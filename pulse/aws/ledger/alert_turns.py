"""Whose turn it is to send an alert: one item a job or a claim, changed by conditional writes."""

import secrets
from datetime import datetime, timedelta

from pulse.aws.errors import as_domain_errors
from pulse.aws.ledger import items
from pulse.aws.ledger.table import LedgerTable
from pulse.domain.alerts.alert import Kind
from pulse.domain.alerts.turn import Subject, Turn

_FREE_TURN = "attribute_not_exists(#sent) AND (attribute_not_exists(#turn) OR #turn <= :now OR #by = :me)"
"""The last: the answer to this very write was lost, and the client sent it again."""


class AlertTurns:
    """Needs `dynamodb:GetItem` and `dynamodb:UpdateItem` on the table. `kept` is how long history stays."""

    def __init__(self, table: LedgerTable, kept: timedelta) -> None:
        self._table = table
        self._kept = kept

    def take(self, subject: Subject, kind: Kind, *, now: datetime, lease: timedelta) -> Turn:
        """`ours` until `now + lease` if nobody sent this alert and nobody else is at it."""
        name, me = items.alert_name(subject, kind), secrets.token_hex(8)
        taken = self._table.write_if(
            "Taking the turn to alert",
            lambda: self._table.client.update_item(
                TableName=self._table.name,
                Key=items.alerts_key(subject),
                UpdateExpression="SET #turn = :until, #by = :me, expires_at = :expires_at",
                ConditionExpression=_FREE_TURN,
                ExpressionAttributeNames={
                    "#turn": f"{name}_turn",
                    "#by": f"{name}_by",
                    "#sent": f"{name}_sent",
                },
                ExpressionAttributeValues=items.wire(
                    {
                        ":me": me,
                        ":now": int(now.timestamp()),
                        ":until": int((now + lease).timestamp()),
                        ":expires_at": items.expiry(now, self._kept),
                    }
                ),
            ),
        )
        if taken:
            return "ours"
        item = self._table.get("Reading the alerts of a job", items.alerts_key(subject)) or {}
        return "done" if f"{name}_sent" in item else "theirs"

    def sent(self, subject: Subject, kind: Kind, *, now: datetime) -> None:
        with as_domain_errors("Noting an alert in the ledger"):
            self._table.client.update_item(
                TableName=self._table.name,
                Key=items.alerts_key(subject),
                UpdateExpression="SET #sent = :now",
                ExpressionAttributeNames={"#sent": f"{items.alert_name(subject, kind)}_sent"},
                ExpressionAttributeValues=items.wire({":now": items.stamp(now)}),
            )
