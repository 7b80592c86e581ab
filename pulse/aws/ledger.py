"""The ledger: one DynamoDB table, changed by conditional writes. The items' layout is in ledger_items."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pulse.aws import ledger_items as items
from pulse.aws.errors import code, translated
from pulse.domain.alert import Kind
from pulse.domain.alert_turn import Subject, Turn
from pulse.domain.claim import Claim
from pulse.domain.errors import Unavailable
from pulse.domain.idempotency import Identity
from pulse.domain.job_record import JobRecord
from pulse.domain.job_status import position

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NEW = "attribute_not_exists(pk)"
_FREE_TURN = "attribute_not_exists(#sent) AND (attribute_not_exists(#turn) OR #turn <= :now)"


class Ledger:
    """Needs `dynamodb:GetItem`, `dynamodb:PutItem` and `dynamodb:UpdateItem` on the table; a transaction of
    puts needs PutItem. `kept` is how long history stays.
    """

    def __init__(self, client: "DynamoDBClient", table: str, kept: timedelta) -> None:
        self._client = client
        self._table = table
        self._kept = kept

    def claim(self, identity: Identity, record: JobRecord) -> Claim | None:
        """Writes claim and record, both or none; None when written, else the claim that was there first."""
        claim: Any = self._put(
            items.claim_key(identity) | items.wire(items.claim_values(identity, record, self._kept)),
            f"{_NEW} OR valid_until <= :now",
        )
        claim["ExpressionAttributeValues"] = items.wire({":now": int(record.created_at.timestamp())})
        with translated(f"Claiming job {record.job_id} in the ledger"):
            try:
                self._client.transact_write_items(TransactItems=[{"Put": claim}, {"Put": self._new(record)}])
            except ClientError as error:
                if code(error) != "TransactionCanceledException":
                    raise
                if _first_reason(error) == "ConditionalCheckFailed":
                    return self._existing(identity)
                raise Unavailable(f"Claiming job {record.job_id} met another write. Try again.") from error
        return None

    def renew(self, record: JobRecord) -> bool:
        """RELEASED becomes CLAIMED with this record's plan and lease; False when it is not RELEASED."""
        put: Any = self._put(self._item(record), "#status = :released")
        put["ExpressionAttributeNames"] = {"#status": "status"}
        put["ExpressionAttributeValues"] = items.wire({":released": "RELEASED"})
        return self._held("Claiming a released job", lambda: self._client.put_item(**put))

    def settle(self, job_id: str, batch_job_id: str) -> None:
        """CLAIMED becomes SUBMITTED; nothing happens when an event came first."""
        self._from_claimed(
            job_id,
            "SET #status = :status, #position = :position, batch_job_id = :batch_job_id REMOVE lease_until",
            {":status": "SUBMITTED", ":position": position("SUBMITTED", 0), ":batch_job_id": batch_job_id},
            {"#position": "position"},
        )

    def release(self, job_id: str, reason: str) -> None:
        """CLAIMED becomes RELEASED."""
        self._from_claimed(
            job_id,
            "SET #status = :status, status_reason = :reason REMOVE lease_until",
            {":status": "RELEASED", ":reason": reason},
            {},
        )

    def record(self, job_id: str) -> JobRecord | None:
        item = self._get("Reading a job from the ledger", items.job_key(job_id))
        return items.record_of(item) if item else None

    def create(self, record: JobRecord) -> bool:
        """Writes a record that is not there yet; False when it is."""
        put = self._new(record)
        return self._held("Writing a job to the ledger", lambda: self._client.put_item(**put))

    def move(self, record: JobRecord, *, before: int) -> bool:
        """Writes the record if its position in the table is `before`; False when it is another by now."""
        values = {name: value for name, value in items.record_values(record).items() if name != "job_id"}
        absent = items.absent_fields(record)
        names = {f"#{name}": name for name in (*values, *absent)}
        sets = ", ".join(f"#{name} = :{name}" for name in values)
        removes = ", ".join(f"#{name}" for name in absent)
        return self._held(
            "Moving a job in the ledger",
            lambda: self._client.update_item(
                TableName=self._table,
                Key=items.job_key(record.job_id),
                UpdateExpression=f"SET {sets} REMOVE {removes}" if removes else f"SET {sets}",
                ConditionExpression="#position = :before",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=items.wire(
                    {":before": before} | {f":{name}": value for name, value in values.items()}
                ),
            ),
        )

    def alert_turn(self, subject: Subject, kind: Kind, *, now: datetime, lease: timedelta) -> Turn:
        """`ours` until `now + lease` if nobody sent this alert and nobody else is at it."""
        taken = self._held(
            "Taking the turn to alert",
            lambda: self._client.update_item(
                TableName=self._table,
                Key=items.alerts_key(subject),
                UpdateExpression="SET #turn = :until, expires_at = :expires_at",
                ConditionExpression=_FREE_TURN,
                ExpressionAttributeNames={"#turn": f"{kind}_turn", "#sent": f"{kind}_sent"},
                ExpressionAttributeValues=items.wire(
                    {
                        ":now": int(now.timestamp()),
                        ":until": int((now + lease).timestamp()),
                        ":expires_at": items.expiry(now, self._kept),
                    }
                ),
            ),
        )
        if taken:
            return "ours"
        item = self._get("Reading the alerts of a job", items.alerts_key(subject)) or {}
        return "done" if f"{kind}_sent" in item else "theirs"

    def alert_sent(self, subject: Subject, kind: Kind, *, now: datetime) -> None:
        with translated("Noting an alert in the ledger"):
            self._client.update_item(
                TableName=self._table,
                Key=items.alerts_key(subject),
                UpdateExpression="SET #sent = :now",
                ExpressionAttributeNames={"#sent": f"{kind}_sent"},
                ExpressionAttributeValues=items.wire({":now": items.stamp(now)}),
            )

    def _from_claimed(self, job_id: str, update: str, values: dict[str, Any], names: dict[str, str]) -> None:
        self._held(
            "Settling a claim in the ledger",
            lambda: self._client.update_item(
                TableName=self._table,
                Key=items.job_key(job_id),
                UpdateExpression=update,
                ConditionExpression="#status = :claimed",
                ExpressionAttributeNames={"#status": "status"} | names,
                ExpressionAttributeValues=items.wire({":claimed": "CLAIMED"} | values),
            ),
        )

    def _existing(self, identity: Identity) -> Claim:
        item = self._get("Reading a claim from the ledger", items.claim_key(identity))
        if not item:
            raise Unavailable("A claim expired while it was read. Try again.")
        return items.claim_of(item)

    def _item(self, record: JobRecord) -> items.Item:
        expires_at = items.expiry(record.created_at, self._kept)
        return items.job_key(record.job_id) | items.wire(
            items.record_values(record) | {"expires_at": expires_at}
        )

    def _new(self, record: JobRecord) -> Any:
        return self._put(self._item(record), _NEW)

    def _put(self, item: items.Item, condition: str) -> dict[str, Any]:
        return {"TableName": self._table, "Item": item, "ConditionExpression": condition}

    def _get(self, doing: str, key: items.Item) -> items.Item | None:
        with translated(doing):
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _held(self, doing: str, write: Callable[[], object]) -> bool:
        """Whether the condition of a write held."""
        with translated(doing):
            try:
                write()
            except ClientError as error:
                if code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True


def _first_reason(error: ClientError) -> str:
    """Why the first write of a cancelled transaction was not made."""
    reasons: Any = error.response.get("CancellationReasons") or [{}]
    return str(reasons[0].get("Code", ""))
