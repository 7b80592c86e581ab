"""The ledger: one DynamoDB table, changed by conditional writes. The items' layout is in items.py."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import structs

from pulse.aws.errors import as_domain_errors
from pulse.aws.ledger import items, pages
from pulse.aws.ledger.costs import LedgerCosts
from pulse.domain.cost.budget import Reservation
from pulse.domain.cost.instances import Instance
from pulse.domain.errors import NotFound, OverLimit, Unavailable
from pulse.domain.job.child import Child
from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import Status, position
from pulse.domain.plan.claim import Claim
from pulse.domain.plan.stored_plan import StoredPlan
from pulse.domain.request.identity import Identity
from pulse.domain.views.pages import Attribute, Position
from pulse.domain.views.queue import Unfinished

_NEW = "attribute_not_exists(pk)"
_SETTLING = "Settling a claim in the ledger"
_UNCHANGED = "#position = :before AND (attribute_not_exists(#revision) OR #revision = :read)"


class Ledger(LedgerCosts):
    """Needs `dynamodb:GetItem`, `dynamodb:PutItem` and `dynamodb:UpdateItem` on the table; a transaction
    needs what its writes need. `kept` is how long history stays.
    """

    def claim(
        self,
        identity: Identity,
        records: Sequence[JobRecord],
        plan: StoredPlan,
        reservation: Reservation | None = None,
    ) -> Claim | None:
        """Writes claim, records, plan and reservation, all or none; None when written, else the claim that
        was there first.
        """
        first = records[0]
        claim: Any = self._put(
            items.claim_key(identity) | items.wire(items.claim_values(identity, first, self._kept)),
            f"{_NEW} OR valid_until <= :now",
        )
        claim["ExpressionAttributeValues"] = items.wire({":now": int(first.created_at.timestamp())})
        writes: list[Any] = [{"Put": claim}, *({"Put": self._new(record)} for record in records)]
        writes.append({"Put": self._put(self._plan_item(first, plan), _NEW)})
        writes += [listing for record in records for listing in self._listings(record)]
        if reservation:
            writes.append({"Update": self._reserve(first, reservation.usd, reservation.budget_usd)})
        refused = self._table.transact(f"Claiming job {first.job_id} in the ledger", writes)
        if refused is None:
            return None
        if refused == 0:
            existing = self._existing(identity)
            # The answer to a write of ours was lost, and the client wrote again.
            return None if existing.job_id == first.job_id else existing
        if reservation and refused == len(writes) - 1:
            raise OverLimit([self._over(first, reservation)])
        raise Unavailable(f"The id of job {first.job_id} is taken. Try again.")

    def claimed(self, identity: Identity, *, now: datetime) -> Claim | None:
        """The claim on an identity while it counts."""
        item = self._table.get("Reading a claim from the ledger", items.claim_key(identity))
        return items.claim_of(item) if item and items.still_counts(item, now) else None

    def refuse(self, identity: Identity, reason: str, *, now: datetime) -> Claim | None:
        """Writes down that a request is refused for good; None when written, now or before, else the claim of
        the job that it has.
        """
        values = items.refusal_values(identity, reason, now, self._kept)
        refusal: Any = self._put(
            items.claim_key(identity) | items.wire(values), f"{_NEW} OR attribute_exists(refused)"
        )
        written = self._table.write_if(
            "Refusing a request in the ledger", lambda: self._table.client.put_item(**refusal)
        )
        return None if written else self._existing(identity)

    def plan(self, job_id: str) -> StoredPlan:
        """What was planned for a job that was claimed. Raises NotFound."""
        item = self._table.get("Reading a plan from the ledger", items.plan_key(job_id))
        if item is None:
            raise NotFound(job_id)
        return items.plan_of(item)

    def take_over(
        self, record: JobRecord, *, until: datetime, budget_usd: Decimal | None
    ) -> JobRecord | None:
        """Gives a RELEASED or CLAIMED record a new lease; None when it has changed since it was read. A
        RELEASED one reserves anew what it may cost, and raises OverLimit when the month's budget does not
        hold it any more.
        """
        if record.status not in {"RELEASED", "CLAIMED"}:
            return None
        unchanged = "lease_until = :lease" if record.lease_until else "attribute_not_exists(lease_until)"
        values = {":seen": record.status, ":claimed": "CLAIMED", ":until": items.stamp(until)}
        values |= {":lease": items.stamp(record.lease_until)} if record.lease_until else {}
        update = self._update(
            record.job_id,
            "SET #status = :claimed, lease_until = :until REMOVE status_reason",
            f"#status = :seen AND {unchanged}",
            values,
        )
        reserved_usd = record.reserved_usd if record.status == "RELEASED" else None
        reserving = [self._reserve(record, reserved_usd, budget_usd)] if reserved_usd else []
        refused = self._together("Claiming a job anew", update, *reserving)
        if reserved_usd and budget_usd is not None and refused == 1:
            raise OverLimit([self._over(record, Reservation(usd=reserved_usd, budget_usd=budget_usd))])
        if refused is not None:
            return None
        return structs.replace(record, status="CLAIMED", status_reason="", lease_until=until)

    def settle(self, job_id: str, batch_job_id: str) -> None:
        """CLAIMED becomes SUBMITTED; nothing happens when an event came first."""
        update = self._update(
            job_id,
            "SET #status = :status, #position = :position, batch_job_id = :batch_job_id REMOVE lease_until",
            "#status = :claimed",
            {
                ":claimed": "CLAIMED",
                ":status": "SUBMITTED",
                ":position": position("SUBMITTED", 0),
                ":batch_job_id": batch_job_id,
            },
            named=("status", "position"),
        )
        self._table.write_if(_SETTLING, lambda: self._table.client.update_item(**update))

    def release(self, record: JobRecord, reason: str) -> None:
        """CLAIMED becomes RELEASED and gives back what it reserved. Only under the record's own lease: this
        write may arrive again after others have claimed the job anew and had it submitted.
        """
        lease = items.stamp(record.lease_until) if record.lease_until else ""
        update = self._update(
            record.job_id,
            "SET #status = :status, status_reason = :reason REMOVE lease_until",
            "#status = :claimed AND lease_until = :lease",
            {":claimed": "CLAIMED", ":lease": lease, ":status": "RELEASED", ":reason": reason},
        )
        returning = [self._reserve(record, -record.reserved_usd)] if record.reserved_usd else []
        self._together(_SETTLING, update, *returning)

    def record(self, job_id: str) -> JobRecord | None:
        item = self._table.get("Reading a job from the ledger", items.job_key(job_id))
        return items.record_of(item) if item else None

    def create(self, record: JobRecord) -> bool:
        """Writes a record that is not there yet; False when it is."""
        writes = [{"Put": self._new(record)}, *self._listings(record)]
        return self._table.transact("Writing a job to the ledger", writes) is None

    def update_if_unchanged(self, record: JobRecord, *, before: int) -> bool:
        """Writes the record if nothing else was written since it was read, when its position was `before`;
        False when something was.
        """
        update = self._forward(record, before)
        return self._table.write_if(
            "Moving a job in the ledger", lambda: self._table.client.update_item(**update)
        )

    def note_child(self, job_id: str, child: Child, *, now: datetime) -> None:
        """How a child of an array ended; again does no harm."""
        self._note(items.child_key(job_id, child.index), msgspec.to_builtins(child), now)

    def child(self, job_id: str, index: int) -> Child | None:
        """A child of an array; None until its end is noted."""
        item = self._table.get("Reading a child from the ledger", items.child_key(job_id, index))
        return items.child_of(item) if item else None

    def children(self, job_id: str) -> list[Child]:
        """The ended children of an array, as far as they are noted."""
        return [items.child_of(item) for item in self._table.query(f"JOB#{job_id}", items.CHILD)]

    def note_ended_array(self, job_id: str, *, now: datetime) -> None:
        """That an array has ended; again does no harm."""
        self._note(items.ended_array_key(job_id, now), {"job_id": job_id}, now)

    def ended_arrays(self, *, since: datetime, until: datetime) -> set[str]:
        """The job ids of the arrays whose end was noted in this time. Needs `dynamodb:Query`."""
        found = self._table.between(items.ENDED_ARRAYS, items.stamp(since), items.stamp(until))
        return {item["job_id"]["S"] for item in found}

    def instance(self, container_instance: str) -> Instance | None:
        """What is noted of a container instance, by its ARN."""
        key = items.instance_key(container_instance)
        item = self._table.get("Reading an instance from the ledger", key)
        return items.instance_of(item) if item else None

    def note_instance(self, container_instance: str, instance: Instance, *, now: datetime) -> None:
        """On what its containers run; again does no harm."""
        self._note(items.instance_key(container_instance), msgspec.to_builtins(instance), now)

    def runs(self, *, dataset: str = "", profile: str = "", most: int) -> list[JobRecord]:
        """The newest jobs of a data set, or of a profile. Needs `dynamodb:Query` on the two indexes."""
        by: Attribute = "dataset" if dataset else "profile"
        return pages.newest(self._table, by, dataset or profile, most=most, after=None)

    def newest(self, by: Attribute, of: str, *, most: int, after: Position | None) -> list[JobRecord]:
        """The jobs with this value of an attribute, the newest first, beyond `after`."""
        if by in {"tag", "by"}:
            return pages.listed(self._table, items.listed_under(by, of), most=most, after=after)
        return pages.newest(self._table, by, of, most=most, after=after)

    def unfinished(self, status: Status, *, most: int) -> list[Unfinished]:
        """The jobs in this state, the oldest first."""
        return pages.unfinished(self._table, status, most=most)

    def _note(self, key: items.Item, noted: dict[str, Any], now: datetime) -> None:
        values = noted | {"expires_at": items.expiry(now, self._kept)}
        with as_domain_errors("Adding to the ledger"):
            self._table.client.put_item(TableName=self._table.name, Item=key | items.wire(values))

    def _forward(self, record: JobRecord, before: int) -> Any:
        values = items.record_values(record)
        absent = items.absent_fields(values)
        del values["job_id"]  # is in the key, and stays
        names = {f"#{name}": name for name in (*values, *absent, "revision")}
        sets = ", ".join(f"#{name} = :{name}" for name in values)
        removes = ", ".join(f"#{name}" for name in absent)
        return {
            "TableName": self._table.name,
            "Key": items.job_key(record.job_id),
            "UpdateExpression": f"SET {sets} REMOVE {removes}" if removes else f"SET {sets}",
            "ConditionExpression": _UNCHANGED,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": items.wire(
                {":before": before, ":read": record.revision - 1}
                | {f":{name}": value for name, value in values.items()}
            ),
        }

    def _update(
        self,
        job_id: str,
        change: str,
        condition: str,
        values: dict[str, Any],
        named: Sequence[str] = ("status",),
    ) -> Any:
        """`named`: attributes that stand behind a `#` in `change`."""
        return {
            "TableName": self._table.name,
            "Key": items.job_key(job_id),
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {f"#{name}": name for name in named},
            "ExpressionAttributeValues": items.wire(values),
        }

    def _together(self, doing: str, *updates: Any) -> int | None:
        return self._table.transact(doing, [{"Update": update} for update in updates])

    def _existing(self, identity: Identity) -> Claim:
        item = self._table.get("Reading a claim from the ledger", items.claim_key(identity))
        if not item:
            raise Unavailable("A claim expired while it was read. Try again.")
        return items.claim_of(item)

    def _item(self, record: JobRecord) -> items.Item:
        return items.job_key(record.job_id) | items.wire(
            items.record_values(record) | {"expires_at": self._expiry(record)}
        )

    def _plan_item(self, record: JobRecord, plan: StoredPlan) -> items.Item:
        return items.plan_key(record.job_id) | items.wire(
            items.plan_values(plan) | {"expires_at": self._expiry(record)}
        )

    def _listings(self, record: JobRecord) -> list[Any]:
        values = items.wire({"job_id": record.job_id, "expires_at": self._expiry(record)})
        keys = [
            items.listing_key(partition, record.created_at, record.job_id)
            for partition in items.listings_of(record)
        ]
        return [{"Put": {"TableName": self._table.name, "Item": key | values}} for key in keys]

    def _new(self, record: JobRecord) -> Any:
        return self._put(self._item(record), _NEW)

    def _put(self, item: items.Item, condition: str) -> dict[str, Any]:
        return {"TableName": self._table.name, "Item": item, "ConditionExpression": condition}
