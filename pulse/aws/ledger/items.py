"""The ledger's items in DynamoDB: how a record, a claim and the alerts of a subject are laid out.

| pk | sk | holds |
| --- | --- | --- |
| `JOB#<job id>` | `RECORD` | a JobRecord, `position`, `day`; indexes: day, status, profile, dataset |
| `JOB#<job id>` | `PLAN` | the request and the exact parameters of each SubmitJob, as JSON |
| `KEY#<idempotency key>` | `CLAIM` | the job id that the request has, its payload's hash, `valid_until` |
| `KEY#<idempotency key>` | `CLAIM` | or, of a request that was refused for good, why: `refused` |
| `JOB#<job id>` | `CHILD#<index>` | how a child of an array ended |
| `ENDED_ARRAYS` | `<time>#<job id>` | that an array's end was recorded at that time |
| `INSTANCE#<ARN>` | `INSTANCE` | on what the containers of a container instance run |
| `COST#<YYYY-MM>` | `JOB#<job id>` | what an ended job cost, and what costs are summed by |
| `COST#<YYYY-MM>` | `TOTAL` | `spent_usd`: these costs; `total_usd`: with what unfinished jobs reserved |
| `TAG#<key>=<value>` | `<created_at>#<job id>` | that a job has this tag |
| `BY#<ARN>` | `<created_at>#<job id>` | that this user, role or session asked for a job |
| a job or a key | `ALERTS` | each kind's `<KIND>_turn` (epoch seconds), `_by` (whose), `_sent` (time) |
| `REFUSALS` | `<time>` | how many drops were refused in the ten minutes from then on, and the alert of many |
| `COST#<YYYY-MM>` | `TOTAL` | and the same, as `BUDGET_<percent>`, of each share's alert |

`expires_at` is the TTL, epoch seconds.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import msgspec

from pulse.aws.ledger.attributes import attribute, plain
from pulse.domain.alerts.alert import Kind
from pulse.domain.alerts.turn import MonthShare, RefusedSince, Subject
from pulse.domain.caller import known_as
from pulse.domain.cost.instances import Instance
from pulse.domain.cost.months import JobCost
from pulse.domain.job.child import Child
from pulse.domain.job.record import JobRecord
from pulse.domain.plan.claim import Claim
from pulse.domain.plan.stored_plan import StoredPlan
from pulse.domain.request.identity import Identity
from pulse.domain.views.queue import Unfinished

Item = dict[str, Any]
CHILD = "CHILD#"
JOB = "JOB#"
ENDED_ARRAYS = "ENDED_ARRAYS"
REFUSALS = "REFUSALS"

_BUDGET_ALERT = re.compile(r"BUDGET_([0-9]+)_sent")
_FIELDS = frozenset(JobRecord.__struct_fields__)


def job_key(job_id: str) -> Item:
    return wire({"pk": f"JOB#{job_id}", "sk": "RECORD"})


def claim_key(identity: Identity) -> Item:
    return wire({"pk": f"KEY#{identity.key}", "sk": "CLAIM"})


def alerts_key(subject: Subject) -> Item:
    match subject:
        case JobRecord():
            return wire({"pk": f"JOB#{subject.job_id}", "sk": "ALERTS"})
        case MonthShare():
            return month_key(subject.month)
        case RefusedSince():
            return refusals_key(subject.since)
        case Identity():
            return wire({"pk": f"KEY#{subject.key}", "sk": "ALERTS"})


def alert_name(subject: Subject, kind: Kind) -> str:
    """What the attributes of an alert in the item of its subject begin with."""
    return f"{kind}_{subject.percent}" if isinstance(subject, MonthShare) else kind


def alerted_percents(total: Item) -> frozenset[int]:
    """The shares of a month's budget, in percent, that got an alert."""
    return frozenset(int(found[1]) for name in total if (found := _BUDGET_ALERT.fullmatch(name)))


def plan_key(job_id: str) -> Item:
    return wire({"pk": f"JOB#{job_id}", "sk": "PLAN"})


def month_key(month: str) -> Item:
    return wire({"pk": f"COST#{month}", "sk": "TOTAL"})


def child_key(job_id: str, index: int) -> Item:
    return wire({"pk": f"JOB#{job_id}", "sk": f"{CHILD}{index:05}"})


def ended_array_key(job_id: str, now: datetime) -> Item:
    return wire({"pk": ENDED_ARRAYS, "sk": f"{stamp(now)}#{job_id}"})


def refusals_key(since: datetime) -> Item:
    return wire({"pk": REFUSALS, "sk": stamp(since)})


def instance_key(container_instance: str) -> Item:
    return wire({"pk": f"INSTANCE#{container_instance}", "sk": "INSTANCE"})


def cost_key(record: JobRecord) -> Item:
    return wire({"pk": f"COST#{month_of(record)}", "sk": f"{JOB}{record.job_id}"})


def listed_under(by: Literal["tag", "by"], value: str) -> str:
    """The partition of the jobs with a tag, `KEY=VALUE` as one text (both may hold more of these characters),
    or of those that somebody asked for.
    """
    return f"{by.upper()}#{value}"


def listing_key(partition: str, created_at: datetime, job_id: str) -> Item:
    return wire({"pk": partition, "sk": f"{stamp(created_at)}#{job_id}"})


def listings_of(record: JobRecord) -> list[str]:
    """In which partitions a job is listed: by its tags and by who asked for it. What follows an array has
    its tags, and is found by it. Two tags may read alike: a key may hold a `=`.
    """
    if record.follows:
        return []
    tags = dict.fromkeys(f"{key}={value}" for key, value in record.tags.items())
    return [listed_under("tag", tag) for tag in tags] + [
        listed_under("by", name) for name in known_as(record.asked_by)
    ]


def child_of(item: Item) -> Child:
    return msgspec.convert(values_of(item), Child)


def instance_of(item: Item) -> Instance:
    return msgspec.convert(values_of(item), Instance)


def month_of(record: JobRecord) -> str:
    """YYYY-MM, UTC: the month whose budget a job belongs to."""
    return f"{record.created_at.astimezone(UTC):%Y-%m}"


def wire(values: dict[str, Any]) -> Item:
    return {name: attribute(value) for name, value in values.items()}


def stamp(moment: datetime) -> str:
    """Times of equal length, so that they sort as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def expiry(moment: datetime, kept: timedelta) -> int:
    return int((moment + kept).timestamp())


def record_values(record: JobRecord) -> dict[str, Any]:
    """A record's attributes beside its key; fields at their default are left out."""
    values: dict[str, Any] = msgspec.to_builtins(record)
    created_at = stamp(record.created_at)
    leased = {"lease_until": stamp(record.lease_until)} if record.lease_until else {}
    return values | leased | {"created_at": created_at, "day": created_at[:10], "position": record.position}


def cost_values(record: JobRecord, usd: Decimal) -> dict[str, Any]:
    """`by` holds them together, because the table's indexes are over attributes of these names."""
    by = {
        "profile": record.profile,
        "share": record.share_identifier,
        "dataset": record.dataset,
        "queue": record.queue,
        "tags": record.tags,
        "asked_by": record.asked_by,
        "foreign": record.foreign,
    }
    return {"usd": usd, "by": by}


def cost_of(item: Item) -> JobCost:
    return JobCost(usd=Decimal(item["usd"]["N"]), **plain(item["by"]))


def absent_fields(values: dict[str, Any]) -> list[str]:
    """The fields of a record that `record_values` left out of these."""
    return sorted(_FIELDS - values.keys())


def record_of(item: Item) -> JobRecord:
    return msgspec.convert(values_of({name: item[name] for name in item.keys() & _FIELDS}), JobRecord)


def unfinished_of(item: Item) -> Unfinished:
    return msgspec.convert(values_of(item), Unfinished)


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


def refusal_values(identity: Identity, reason: str, now: datetime, kept: timedelta) -> dict[str, Any]:
    return {
        "job_id": "",
        "refused": reason,
        "payload_hash": identity.payload_hash,
        "created_at": stamp(now),
        "expires_at": expiry(now, kept),
    }


def plan_values(plan: StoredPlan) -> dict[str, Any]:
    return {"plan": msgspec.json.encode(plan).decode()}


def plan_of(item: Item) -> StoredPlan:
    return msgspec.json.decode(item["plan"]["S"], type=StoredPlan)


def claim_of(item: Item) -> Claim:
    refused = item["refused"]["S"] if "refused" in item else ""
    return Claim(job_id=item["job_id"]["S"], payload_hash=item["payload_hash"]["S"], refused=refused)


def still_counts(item: Item, now: datetime) -> bool:
    """Whether a claim's window is not over."""
    return "valid_until" not in item or int(item["valid_until"]["N"]) > int(now.timestamp())


def values_of(item: Item) -> dict[str, Any]:
    return {name: plain(one) for name, one in item.items()}
