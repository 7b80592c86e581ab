"""Whether what people are told is true at the moment when it goes out."""

from collections.abc import Iterator

import msgspec

from pulse.domain.alerts.alert import Alert
from pulse.domain.alerts.renderings.slack import message as slack
from tests.simulation.attributes import Item
from tests.simulation.dynamodb_table import Key
from tests.simulation.sns import Published
from tests.simulation.world import World

_ENDS = frozenset({"SUCCEEDED", "FAILED"})
_WHILE_IT_LASTS = frozenset({"SUBMITTED", "STARTED", "OVERDUE", "BLOCKED"})
_AT_WORK_SECONDS = 30.0
"""So long a function may be at an alert that was true when it began."""


class Alerts:
    """All that the topic takes. `broken`: what is wrong with them, in words."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ended_at: dict[str, float] = {}
        self._sent: dict[str, tuple[Published, Alert]] = {}
        self.broken: list[str] = []
        world.topic.watchers.append(self._note)
        world.table.watchers.append(self._written)

    def _note(self, message: Published) -> None:
        alert = msgspec.json.decode(message.text("sqs"), type=Alert)
        self._sent[message.id] = message, alert
        self.broken += self._untrue(alert)

    def undelivered(self) -> Iterator[str]:
        """Those that did not come where they should."""
        mails = {mail.message_id for mail in self._world.inbox}
        posts = {post.body for post in self._world.slack.posts}
        for message, alert in self._sent.values():
            if "skip_email" not in message.attributes and message.id not in mails:
                yield f"The alert {alert.kind} about {alert.about} came to no inbox."
            if "skip_slack" not in message.attributes and msgspec.json.encode(slack(alert)) not in posts:
                yield f"The alert {alert.kind} about {alert.about} did not come to Slack."

    def _written(self, key: Key, before: Item | None, after: Item | None) -> None:
        """Notes when the record of an AWS Batch job came to its end."""
        if key[1] != "RECORD" or after is None or after["status"]["S"] not in _ENDS:
            return
        if before is None or before["status"]["S"] not in _ENDS:
            self._ended_at[after.get("batch_job_id", {}).get("S", "")] = self._world.kernel.now

    def _untrue(self, alert: Alert) -> Iterator[str]:
        """What is wrong at this moment with an alert about a job."""
        told = f"The alert {alert.kind} about {alert.job_id} went out"
        if alert.kind in _ENDS:
            job = self._world.batch.jobs.get(alert.batch_job_id)
            if job is not None and job.status != alert.kind:
                yield f"{told} while AWS Batch's job is {job.status}."
            if alert.kind not in self._statuses(alert.job_id):
                yield f"{told} before the ledger knew it."
        ended_at = self._ended_at.get(alert.batch_job_id)
        late = ended_at is not None and self._world.kernel.now - ended_at > _AT_WORK_SECONDS
        if alert.kind in _WHILE_IT_LASTS and late:
            yield f"{told} after its end."

    def _statuses(self, job_id: str) -> set[str]:
        """Of a job and of what follows it."""
        items = self._world.table.items
        first = items.get((f"JOB#{job_id}", "RECORD"), {})
        follower = first.get("follower", {}).get("S", "")
        found = (first, items.get((f"JOB#{follower}", "RECORD"), {}))
        return {item["status"]["S"] for item in found if "status" in item}
