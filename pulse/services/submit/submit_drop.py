"""From an object in the data bucket to a job, or to an alert that says why there is none. Never silence.

A data set under `datasets/` is trained as the first matching trigger says, a folder of files when its marker
arrives; a file `requests/*.json` is a JobRequest. What asks for nothing is only logged: folders as consoles
and Hadoop mark them (empty objects whose keys end in `/` or `_$folder$`), hidden names, uploads of clients
that submit themselves, objects elsewhere.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from msgspec import Struct

from pulse.domain.alerts.alert import Alert
from pulse.domain.alerts.flood import ALERTS_BEFORE_FLOOD, flood_alert, window_of
from pulse.domain.alerts.rejected import drop_alert
from pulse.domain.alerts.turn import RefusedSince
from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.catalogue.trigger import Trigger, matching
from pulse.domain.console import Console
from pulse.domain.errors import InvalidRequest, OverLimit, Refused, RefusedByBatch
from pulse.domain.fault import listed, shown
from pulse.domain.parsing import json_text
from pulse.domain.parsing.json_text import NotJson
from pulse.domain.request import identity as idempotency
from pulse.domain.request import manifest
from pulse.domain.request.drop import S3Drop
from pulse.domain.request.identity import Identity
from pulse.domain.s3 import table_names
from pulse.domain.s3.layout import DATASETS, MANIFEST, REQUESTS, folder_of, is_hidden, is_table
from pulse.domain.s3.table_names import Suffixes
from pulse.domain.validation import InvalidInput
from pulse.services.alert.publish_alert import PublishAlert
from pulse.services.ports.messages import RefusedDrops
from pulse.services.ports.storage import Objects
from pulse.services.submit.finish_claim import Submission
from pulse.services.submit.submit_job import SubmitJob

MAX_REQUEST_BYTES = 64 * 1024
"""More than twice what SubmitJob takes: a larger file is not a request."""


class DropOutcome(Struct, frozen=True, kw_only=True):
    """`submission` when there is a job, else `reason` says why not. `alerted`: whether an alert went out."""

    submission: Submission | None = None
    reason: str = ""
    alerted: bool = False


class Unusable(Refused):
    """Raised when a drop can be no request."""


class NoTrigger(Refused):
    """Raised when no trigger fits the key of a dropped data set. `next_step`: what to do with such a file."""

    def __init__(self, key: str, catalogue: Catalogue) -> None:
        triggers = ", ".join(map(str, catalogue.triggers)) or "none is configured"
        reason = f"No trigger fits the key {shown(key)}. Triggers: {triggers}."
        self.next_step = (
            "Drop the file under a key that a trigger fits, or add a trigger to the configuration."
        )
        if not table_names.ends_like_table(key, catalogue.table_suffixes):
            reason = f"{reason} {table_names.sentence(catalogue.table_suffixes)}"
            self.next_step = table_names.advice(key) or self.next_step
        super().__init__(reason)


class Empty(Refused):
    """Raised when a dropped object has no content."""


class Incomplete(Refused):
    """Raised when the folder of a marker does not hold what it should."""


class SubmitDrop(Struct, frozen=True, kw_only=True):
    submit_job: SubmitJob
    objects: Objects
    publish_alert: PublishAlert
    refused_drops: RefusedDrops
    console: Console
    clock: Callable[[], datetime]

    def submit(self, drop: S3Drop) -> DropOutcome:
        """Raises what SubmitJob.submit raises to be tried again; a refusal becomes an alert REJECTED, or is
        counted in that of a flood.
        """
        catalogue = self.submit_job.catalogue
        trigger = matching(catalogue.triggers, drop.key, catalogue.suffixes_of)
        if nothing := _why_no_job(drop, trigger):
            return DropOutcome(reason=nothing)
        identity = idempotency.of_drop(drop)
        done = self.submit_job.submit_or_refuse(identity, lambda: self._submission(drop, trigger, identity))
        if isinstance(done, Submission):
            return DropOutcome(submission=done)
        alert = drop_alert(drop, self.console, reason=str(done), next_step=_next_step(done, drop))
        make = partial(self._unless_flooded, alert)
        return DropOutcome(reason=str(done), alerted=self.publish_alert.once(identity, alert.kind, make))

    def alert_flood(self, since: datetime) -> bool:
        """Tells once of the many drops that were refused in the window from `since` on. Raises Unavailable,
        Misconfigured.
        """
        found = self.refused_drops.of(since)
        if found is None or not found.is_flood:
            return False
        return self.publish_alert.once(RefusedSince(since), "REJECTED", lambda: flood_alert(found))

    def _unless_flooded(self, alert: Alert) -> Alert | None:
        count = self.refused_drops.count(window_of(self.clock()), alert.about)
        return alert if count <= ALERTS_BEFORE_FLOOD else None

    def _submission(self, drop: S3Drop, trigger: Trigger | None, identity: Identity) -> Submission:
        try:
            raw = self._dataset(drop, trigger) if drop.meaning == "dataset" else self._request(drop)
            request = self.submit_job.read(raw)
        except Refused:
            # An event that comes again gets its job, whatever became of the object since.
            if known := self.submit_job.resume(identity):
                return known
            raise
        return self.submit_job.submit(request, identity, asked_at=drop.created_at, asked_by=drop.requester)

    def _dataset(self, drop: S3Drop, trigger: Trigger | None) -> object:
        if trigger is None:
            raise NoTrigger(drop.key, self.submit_job.catalogue)
        if not trigger.has_marker and not drop.size:
            raise Empty("The file is empty.")
        if trigger.has_marker:
            self._check_folder(drop, trigger)
        return trigger.request(drop.key, drop.version_id)

    def _check_folder(self, drop: S3Drop, trigger: Trigger) -> None:
        folder, suffixes = folder_of(drop.key), self.submit_job.catalogue.suffixes_of(trigger.training)
        if trigger.on == MANIFEST:
            wanted = self._manifest(drop, folder, suffixes)
            found = self._keys(drop.bucket, folder)
            if different := manifest.difference(wanted, found, folder, suffixes):
                raise Incomplete(different)
            return
        listing = self.objects.listing(drop.bucket, folder)
        if listing.complete and not any(is_table(key, folder, suffixes) for key in listing.sizes):
            problem = f"No data set is in {shown(folder)}, so there is nothing to train on."
            raise Incomplete(f"{problem} {table_names.sentence(suffixes)}")

    def _keys(self, bucket: str, folder: str) -> list[str]:
        """The keys in a folder that is not much larger than a manifest can be."""
        keys: list[str] = []
        while len(keys) <= manifest.MAX_FILES:
            listing = self.objects.listing(bucket, folder, after=keys[-1] if keys else "")
            keys += listing.sizes
            if listing.complete:
                return keys
        raise Unusable(f"{shown(folder)} holds more than {manifest.MAX_FILES:,} objects.")

    def _manifest(self, drop: S3Drop, folder: str, suffixes: Suffixes) -> tuple[str, ...]:
        """The keys that it names, at least one."""
        try:
            raw = self._json(drop, manifest.MAX_MANIFEST_BYTES)
            keys, faults = manifest.read(raw, folder, suffixes)
        except InvalidInput as error:
            keys, faults = (), [*error.faults]
        if faults:
            raise Unusable("The manifest is not valid:\n" + listed(faults))
        return keys

    def _request(self, drop: S3Drop) -> object:
        if not drop.key.lower().endswith(".json"):
            raise Unusable("Requests are files that end in .json.")
        try:
            return self._json(drop, MAX_REQUEST_BYTES)
        except InvalidInput as error:
            raise InvalidRequest(error.faults) from error

    def _json(self, drop: S3Drop, limit_bytes: int) -> object:
        """Raises Unusable, Empty, TooLarge, and InvalidInput when an object in it names a field twice."""
        body = self.objects.read(drop.bucket, drop.key, version_id=drop.version_id, limit_bytes=limit_bytes)
        if body is None:
            raise Unusable("The object was deleted before it could be read.")
        if json_text.is_blank(body):
            raise Empty("The file is empty.")
        try:
            return json_text.decode(body)
        except NotJson as error:
            raise Unusable(f"The file is not JSON: {error}.") from error


def _next_step(refusal: Refused, drop: S3Drop) -> str:
    if isinstance(refusal, NoTrigger):
        return refusal.next_step
    return _NEXT_AFTER.get(type(refusal), _NEXT[drop.meaning])


def _why_no_job(drop: S3Drop, trigger: Trigger | None) -> str:
    """Why a drop is only logged; empty when it asks for a job."""
    if drop.meaning not in _NEXT:
        return f"{drop.meaning}: asks for nothing"
    if trigger:
        return f"waits for its marker {trigger.on}" if trigger.awaits(drop.key) else ""
    hidden = is_hidden(drop.key, below=REQUESTS if drop.meaning == "request" else DATASETS)
    return "hidden name: asks for nothing" if hidden else ""


_NEXT = {
    "dataset": "Repair what the reason names, then drop the file again.",
    "request": "Correct the file and drop it again: a new version is a new request.",
}
_NEXT_AFTER: dict[type[Refused], str] = {
    RefusedByBatch: "Repair what AWS Batch names (its queue, its job definition), then drop the file again.",
    OverLimit: "Ask for less (a shorter period, fewer children, a smaller profile), or raise what is named: "
    "max_cost_usd in the request or the trigger, the monthly budget in the configuration. Then drop the file "
    "again.",
    Empty: "Drop it again with its content: a data set needs rows, a request at least {}, a manifest files.",
    Incomplete: "Put the folder in order, then drop the marker again. It goes last; a new version of it is a "
    "new job.",
}
