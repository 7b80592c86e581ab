"""The ledger's items in DynamoDB: how a record, a claim and the alerts of a subject are laid out.

| pk | sk | holds |
| --- | --- | --- |
| `JOB#<job id>` | `RECORD` | a JobRecord, `position`, `day` (for the index by_day), `status` (by_status) |
| `KEY#<idempotency key>` | `CLAIM` | the job id that the request has, its payload's hash, `valid_until` |
| either | `ALERTS` | for each kind `<KIND>_turn` (epoch seconds) and `<KIND>_sent` (time) |

`expires_at` is the TTL, epoch seconds.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from pulse.domain.claim import Claim
from pulse.domain.idempotency import Identity
from pulse.domain.job_record import JobRecord

Item = dict[str, Any]
Attribute = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_FIELDS = frozenset(JobRecord.__struct_fields__)


def job_key(job_id: str) -> Item:
    return wire({"pk": f"JOB#{job_id}", "sk": "RECORD"})


def claim_key(identity: Identity) -> Item:
    return wire({"pk": f"KEY#{identity.key}", "sk": "CLAIM"})


def alerts_key(subject: JobRecord | Identity) -> Item:
    pk = f"JOB#{subject.job_id}" if isinstance(subject, JobRecord) else f"KEY#{subject.key}"
    return wire({"pk": pk, "sk": "ALERTS"})


def wire(values: dict[str, Any]) -> Item:
    """Python values as DynamoDB's attributes; numbers go through Decimal, never through binary floats."""
    return {name: attribute(value) for name, value in values.items()}


def attribute(value: Any) -> Attribute:
    typed: Any = _serialize(Decimal(str(value)) if isinstance(value, float) else value)
    return dict(typed)


def stamp(moment: datetime) -> str:
    """Times of equal length, so that they sort as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def expiry(moment: datetime, kept: timedelta) -> int:
    return int((moment + kept).timestamp())


def record_values(record: JobRecord) -> dict[str, Any]:
    """A record's attributes beside its key; fields at their default are left out."""
    values: dict[str, Any] = msgspec.to_builtins(record)
    created_at = stamp(record.created_at)
    return values | {"created_at": created_at, "day": created_at[:10], "position": record.position}


def absent_fields(record: JobRecord) -> list[str]:
    """The fields that `record_values` leaves out."""
    return sorted(_FIELDS - record_values(record).keys())


def record_of(item: Item) -> JobRecord:
    values = {name: _plain(_deserialize(typed)) for name, typed in item.items() if name in _FIELDS}
    return msgspec.convert(values, JobRecord)


def claim_values(identity: Identity, record: JobRecord, kept: timedelta) -> dict[str, Any]:
    values: dict[str, Any] = {
        "job_id": record.job_id,
        "payload_hash": identity.payload_hash,
        "created_at": stamp(record.created_at),
        "expires_at": expiry(record.created_at, kept),
    }
    if identity.window_seconds is not None:
        values["valid_until"] = expiry(record.created_at, timedelta(seconds=identity.window_seconds))
    return values


def claim_of(item: Item) -> Claim:
    return Claim(job_id=item["job_id"]["S"], payload_hash=item["payload_hash"]["S"])


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
