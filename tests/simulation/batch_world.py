"""A simulated AWS Batch by itself, for its tests, with attempts that end as a test says."""

from typing import Any

from tests.simulation.batch_definitions import training_definition
from tests.simulation.batch_job import Job, Queue
from tests.simulation.batch_life import Pace
from tests.simulation.batch_outcome import Outcome, usual_outcomes
from tests.simulation.batch_service import BatchService
from tests.simulation.kernel import Kernel

BATCH = "arn:aws:batch:us-east-1:123456789012"
FARGATE, EC2 = f"{BATCH}:job-queue/pulse-retrodiction-job-queue", f"{BATCH}:job-queue/pulse-gpu-queue"
LIMITED = f"{BATCH}:job-queue/limited"
DEFINITIONS = {
    FARGATE: training_definition(f"{BATCH}:job-definition/pulse-retrodiction-training:7"),
    LIMITED: training_definition(f"{BATCH}:job-definition/pulse-retrodiction-training:7"),
    EC2: training_definition(f"{BATCH}:job-definition/pulse-retrodiction-training-ec2:3", platform="EC2"),
}
QUEUES = [Queue(FARGATE), Queue(EC2, platform="EC2"), Queue(LIMITED, gives_up_seconds=60.0)]
RULES = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
FOREVER = 1e9


class World:
    """A service whose attempts end one after the other as `outcomes` say, the last of them for ever."""

    def __init__(self, *outcomes: Outcome, seed: int = 1, **pace: Any) -> None:
        self.kernel = Kernel(seed, {})
        self.events: list[dict[str, Any]] = []
        chosen = usual_outcomes(self.kernel)

        def outcome(job: Job, attempt: int) -> Outcome:
            return outcomes[min(attempt, len(outcomes)) - 1] if outcomes else chosen(job, attempt)

        self.service = BatchService(
            self.kernel,
            QUEUES,
            DEFINITIONS.values(),
            self.events.append,
            outcome=outcome,
            pace=Pace(**{"blocked": 0.0, **pace}),
        )

    def submit(self, name: str = "job", queue: str = FARGATE, **members: Any) -> Job:
        return self.service.submit(request(name, queue, **members))

    def until(self, job: Job, *statuses: str) -> None:
        while job.status not in statuses:
            self.later(0.5)

    def later(self, seconds: float) -> None:
        self.kernel.after(seconds, lambda: None)
        self.kernel.run(self.kernel.now + seconds)

    def end(self) -> list[dict[str, Any]]:
        self.kernel.run(FOREVER)
        return self.events


def request(name: str, queue: str = FARGATE, **members: Any) -> dict[str, Any]:
    return {
        "jobName": name,
        "jobQueue": queue,
        "jobDefinition": DEFINITIONS[queue].arn,
        "containerOverrides": {
            "command": ["python", "-m", "recursive_training.run_training", "--batch-size-days", "30"],
            "environment": [{"name": "PULSE_JOB_ID", "value": f"batch-{name}"}],
        },
        "retryStrategy": {"attempts": 3, "evaluateOnExit": RULES},
        "timeout": {"attemptDurationSeconds": 3600},
        "tags": {"Project": "Pulse"},
        "propagateTags": True,
        **members,
    }


def reclaimed_on_instance() -> Outcome:
    return Outcome(60.0, None, status_reason="Host EC2 (instance i-0da6526579af3bd1b) terminated.")
