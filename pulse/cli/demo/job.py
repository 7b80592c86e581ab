"""One of the two jobs of the demo, as it is seen."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pulse.domain.demo.record import FORMAT, Answer, DemoRecord, Event, JobStory, ResultFile, SentAlert

OUTCOMES = ("SUCCEEDED", "FAILED")


@dataclass
class Job:
    """One of the two jobs, as it is seen. `messages`: what people get, by channel."""

    door: str
    asked_at: datetime
    job_id: str = ""
    batch_job_id: str = ""
    events: list[Event] = field(default_factory=list)
    alerts: list[SentAlert] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    results: list[ResultFile] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def states(self) -> dict[str, datetime]:
        """When the event of each state arrived first."""
        return {event.body["detail"]["status"]: event.arrived_at for event in reversed(self.events)}

    @property
    def outcome(self) -> str | None:
        return next((state for state in OUTCOMES if state in self.states), None)

    @property
    def detail(self) -> dict[str, Any]:
        """The detail of the event that got furthest."""
        return dict(max(self.events, key=lambda event: event.position).body["detail"]) if self.events else {}

    @property
    def moments(self) -> dict[str, datetime]:
        moments = {"asked": self.asked_at}
        for name, stamp in (("submitted", "createdAt"), ("RUNNING", "startedAt"), ("end", "stoppedAt")):
            if milliseconds := self.detail.get(stamp):
                moments[name] = datetime.fromtimestamp(milliseconds / 1000, UTC)
        for alert in self.alerts:
            moments["alert"] = alert.arrived_at
        received = {
            channel: datetime.fromisoformat(message["received_at"])
            for channel, message in self.messages.items()
            if "received_at" in message
        }
        if len(received) == 2:  # noqa: PLR2004 - e-mail and Slack
            received["alerts"] = max(received.values())
        return moments | received

    @property
    def story(self) -> JobStory:
        return JobStory(self.moments, self.events, self.alerts, self.answers, self.results, self.metrics)

    @property
    def missing(self) -> list[str]:
        """In sentences, what did not happen to it."""
        name = f"The job of the {self.door} ({self.job_id or 'never submitted'})"
        found = []
        if self.outcome != "SUCCEEDED":
            reason = self.detail.get("statusReason", "no event says why")
            found.append(f"{name} is {self.outcome or 'still not finished'}: {reason}")
        if not self.metrics:
            found.append(f"{name} left no metrics.json in the results bucket.")
        if not self.alerts:
            found.append(f"{name}: no alert arrived.")
        return found


def record(jobs: list[Job], of: str) -> DemoRecord:
    return DemoRecord(FORMAT, of, {job.door: job.story for job in jobs})
