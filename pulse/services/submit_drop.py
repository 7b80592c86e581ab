"""From an object in the data bucket to a job, or to an alert that says why there is none. Never silence.

A data set under `datasets/` is trained as the first matching trigger says; a file `requests/*.json` is a
JobRequest. Folder markers (keys that end in `/`) and objects elsewhere ask for nothing and are only logged.
"""

from codecs import BOM_UTF8
from typing import Any

import msgspec
from msgspec import Struct

from pulse.domain import idempotency
from pulse.domain.console import Console
from pulse.domain.drop_alert import drop_alert
from pulse.domain.errors import Refused, RefusedByBatch
from pulse.domain.fault import shown
from pulse.domain.s3_drop import S3Drop
from pulse.domain.trigger import Trigger, matching
from pulse.services.ports import Objects
from pulse.services.publish_alert import PublishAlert
from pulse.services.submit_job import Submission, SubmitJob

MAX_REQUEST_BYTES = 64 * 1024
"""More than twice what SubmitJob takes: a larger file is not a request."""


class Outcome(Struct, frozen=True, kw_only=True):
    """`submission` when there is a job, else `reason` says why not. `alerted`: people were told just now."""

    submission: Submission | None = None
    reason: str = ""
    alerted: bool = False


class Unusable(Refused):
    """Raised when a drop can be no request."""


class NoTrigger(Refused):
    """Raised when no trigger fits the key of a dropped data set."""


class Empty(Refused):
    """Raised when a dropped object has no content."""


class SubmitDrop(Struct, frozen=True, kw_only=True):
    submit_job: SubmitJob
    objects: Objects
    publish_alert: PublishAlert
    console: Console

    def submit(self, drop: S3Drop) -> Outcome:
        """Raises what SubmitJob.submit raises to be tried again; a refusal becomes an alert REJECTED."""
        if drop.meaning not in _NEXT:
            return Outcome(reason=f"{drop.meaning}: asks for nothing")
        identity = idempotency.of_drop(drop)
        try:
            request = self.submit_job.read(self._request(drop))
            return Outcome(submission=self.submit_job.submit(request, identity, asked_at=drop.created_at))
        except Refused as refusal:
            next_step = _NEXT_AFTER.get(type(refusal), _NEXT[drop.meaning])
            alert = drop_alert(drop, self.console, reason=str(refusal), next_step=next_step)
            alerted = self.publish_alert.once(identity, alert.kind, lambda: alert)
            return Outcome(reason=str(refusal), alerted=alerted)

    def _request(self, drop: S3Drop) -> object:
        return self._dataset(drop) if drop.meaning == "dataset" else self._file(drop)

    def _dataset(self, drop: S3Drop) -> object:
        triggers = self.submit_job.catalogue.triggers
        trigger = matching(triggers, drop.key)
        if trigger is None:
            patterns = ", ".join(f"{t.prefix}*{t.suffix}" for t in triggers) or "none is configured"
            raise NoTrigger(f"No trigger fits this key. Triggers: {patterns}.")
        if not drop.size:
            raise Empty("The file is empty.")
        return _asked(drop, trigger)

    def _file(self, drop: S3Drop) -> object:
        if not drop.key.lower().endswith(".json"):
            raise Unusable("Requests are files that end in .json.")
        body = self.objects.read(
            drop.bucket, drop.key, version_id=drop.version_id, limit_bytes=MAX_REQUEST_BYTES
        )
        if body is None:
            raise Unusable("The object was deleted before it could be read.")
        text = body.removeprefix(BOM_UTF8)  # Windows editors write it
        if not text.strip():
            raise Empty("The file is empty.")
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unusable(f"The file is not JSON: {shown(str(error))}.") from error


_NEXT = {
    "dataset": "Repair what the reason names, then drop the file again.",
    "request": "Correct the file and drop it again: a new version is a new request.",
}
_NEXT_AFTER: dict[type[Refused], str] = {
    RefusedByBatch: "Repair what AWS Batch names (its queue, its job definition), then drop the file again.",
    NoTrigger: "Drop the file under a key that a trigger fits, or add a trigger to the configuration.",
    Empty: "Drop it again with its content: a data set needs rows, a request at least {}.",
}


def _asked(drop: S3Drop, trigger: Trigger) -> dict[str, Any]:
    """The request that a trigger makes of a dropped data set: this very version of it."""
    return {
        "dataset": drop.key,
        "dataset_version_id": drop.version_id or None,
        "profile": trigger.profile,
        "variables": trigger.variables,
        "start_date": trigger.start_date,
        "end_date": trigger.end_date,
        "batch_size_days": trigger.batch_size_days,
        "share_identifier": trigger.share_identifier,
    }
