"""The walk through every door of Pulse, each one tried again as long as something is denied there."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pulse.domain.job.status import position
from tests.local.denials import Denied, Seen, Watch
from tests.local.deployment import command_of, pulse_job_id, sample
from tests.local.leftovers import empty_datasets, end_all, forget_refused_drops

EVENTS = Path(__file__).parents[1] / "events"
OUT_OF_MEMORY = EVENTS / "batch_failed_out_of_memory.json"
RUNNING = EVENTS / "batch_running.json"
# A hundredth of it on this AWS, and the machine may be busy.
ON_INSTANCES, AUTO = ({"profile": profile, "timeout_seconds": 86400} for profile in ("instances", "auto"))
Document = dict[str, Any]
T = TypeVar("T")


class Walk:
    """Raises Denied when something is denied that no missing statement would allow."""

    def __init__(self, watch: Watch) -> None:
        self.pulse, self.watch = watch.pulse, watch
        self.run, self.versioned = "", Document()

    def all_doors(self) -> None:
        with self.pulse.switched_off():
            waiting = self.through(self.waits)
            end_all(self.pulse, self.watch.began)
        self.through(self.asks, waiting)
        self.through(self.reconcile)
        first, auto = self.through(self.trains)
        self.through(self.call, "GET", f"/jobs/{first['job_id']}/logs")
        self.through(self.runs_over, auto)
        self.through(self.loses_the_end, auto)
        self.through(self.dies_of_memory, first)

    def through(self, door: Callable[..., T], *about: Any) -> T:
        """Tries it again with what was missing there; the jobs are ended then: none is in the way."""
        while True:
            try:
                return door(*about)
            except Denied as denial:
                if self.watch.missing is None:
                    raise
                self.watch.missing.give_back(denial.lacking)
                end_all(self.pulse, self.watch.began)

    def waits(self) -> Document:
        """A data set, a bad request and an array arrive while no job starts. The array, whose cancellation
        is answered, is looked for: it is called by another name than its id, and AWS Batch is asked how it
        is.
        """
        self.run = uuid.uuid4().hex
        key, bad = f"datasets/{self.run}.csv", f"requests/{self.run}.json"
        forget_refused_drops(self.pulse)
        version = self.pulse.drop(key, sample(500))
        self.pulse.drop(bad, b'{"profile": "huge"}')
        alerts = {"kinds": ["SUBMITTED"]}
        array = self.submit(ON_INSTANCES | {"dataset": key, "shards": 2, "alerts": alerts})

        def still_to_come(seen: Seen) -> list[str]:
            return [
                *([] if self.dropped(seen, version) else ["a job for the drop"]),
                *seen.not_told(bad, "email", "slack"),
                *seen.not_told(array["job_id"], "email", "slack"),
            ]

        self.until_nothing(still_to_come)
        self.call("POST", f"/jobs/{array['batch_job_id']}/cancel")
        return array

    def asks(self, job: Document) -> None:
        self.call("GET", f"/jobs/{job['job_id']}")
        self.call("GET", "/jobs", query={"profile": "small"})
        self.call("GET", "/jobs", query={"tag": f"Run={self.run}"})
        self.call("GET", "/costs")
        self.call("GET", "/queue")

    def trains(self) -> tuple[Document, Document]:
        """On a file that is dropped, on an instance, and in whatever size fits: that one looks at all data
        sets and at earlier runs of the profile, its dry run at one data set.
        """
        self.run = uuid.uuid4().hex
        empty_datasets(self.pulse)
        key = f"datasets/{self.run}.csv"
        version = self.pulse.drop(key, sample(500))
        self.versioned = {"dataset": key, "dataset_version_id": version}
        self.call("POST", "/jobs", self.versioned | AUTO, query={"dry_run": "true"})
        submitted = self.submit(self.versioned | ON_INSTANCES), self.submit(AUTO)

        def still_to_come(seen: Seen) -> list[str]:
            dropped = self.dropped(seen, version)
            statuses = {pulse_job_id(job): job["status"] for job in (*self.jobs(seen), *dropped)}
            ids = [pulse_job_id(job) for job in dropped] + [job["job_id"] for job in submitted]
            return [
                *([] if dropped else ["a job for the drop"]),
                *([] if seen.every_function_logged() else ["the logs of all functions"]),
                *(f"the end of {job_id}" for job_id in ids if statuses.get(job_id) != "SUCCEEDED"),
                *(line for job_id in ids for line in seen.not_told(job_id, "email", "slack")),
            ]

        self.until_nothing(still_to_come)
        return submitted

    def until_nothing(self, still_to_come: Callable[[Seen], list[str]]) -> None:
        left: list[str] = []

        def is_complete(seen: Seen) -> bool | None:
            left[:] = still_to_come(seen)
            return not left or None

        try:
            self.watch.until(is_complete, f"the run {self.run}")
        except AssertionError:
            pytest.fail(f"Still to come: {left}")

    def submit(self, request: Document) -> Document:
        """What the submission was answered with. It has an Idempotency-Key of its own."""
        tagged = request | {"tags": {"Run": self.run}}
        return self.call("POST", "/jobs", tagged, headers={"Idempotency-Key": f'"{hash_of(tagged)}"'})

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Document:
        answer = self.pulse.api.call(method, path, body=body, **options)
        if not answer.is_success:
            self.watch.until(lambda _: None, f"the denial behind {answer.text}")
        return dict(answer.json())

    def reconcile(self) -> None:
        name = self.pulse.function("ReconcileJobs")
        self.pulse.found.client("lambda").invoke(FunctionName=name, Payload=b"{}")

    def runs_over(self, job: Document) -> None:
        """Makes the ledger take the job for a running one that is soon due, and delivers the event of its
        start again, so that its schedule is set and fires.
        """
        # So long should it run for whoever looks at what never ended: nobody finds out its end meanwhile.
        running = {"status": "RUNNING", "attempts": 0, "position": position("RUNNING", 0)}
        self.overwrite(job, **running, expected_seconds=86400, due_at=text_of(timedelta(seconds=5)))
        self.deliver(RUNNING, self.known(job))
        self.watch.until(
            lambda seen: is_told_in_slack(seen, "is overdue", job) or None,
            f"word that {job['job_id']} is due",
        )

    def loses_the_end(self, job: Document) -> None:
        """Makes the ledger forget that the job has ended, and take it for an array, and has its end found out
        and its children looked for.
        """
        self.overwrite(
            job,
            status="RUNNING",
            attempts=0,
            position=position("RUNNING", 0),
            expected_seconds=1,
            array_size=2,
        )

        def known() -> bool:
            self.reconcile()
            return bool(self.call("GET", f"/jobs/{job['job_id']}")["status"] == "SUCCEEDED")

        self.watch.until(lambda _: known() or None, f"the end of {job['job_id']} again")

    def overwrite(self, job: Document, **values: str | int) -> None:
        """Changes attributes of a record in the ledger, behind everybody's back."""
        self.pulse.table.update_item(
            TableName=self.pulse.ledger,
            Key={"pk": {"S": f"JOB#{job['job_id']}"}, "sk": {"S": "RECORD"}},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues={
                f":{name}": {"N" if isinstance(value, int) else "S": str(value)}
                for name, value in values.items()
            },
        )

    def dies_of_memory(self, job: Document) -> None:
        """Makes the ledger forget the answer of SubmitJob and all that came after, asks for the same job
        again, and delivers the event by which AWS Batch tells that its container outgrew its memory.
        """
        self.overwrite(
            job,
            status="CLAIMED",
            position=0,
            attempts=0,
            lease_until=text_of(-timedelta(hours=1)),
            batch_job_id="",
            exit_code=0,
        )
        assert self.submit(self.versioned | ON_INSTANCES) == job
        self.deliver(OUT_OF_MEMORY, self.known(job))
        self.watch.until(lambda seen: "4096" in self.memories(seen) or None, "the rerun with more memory")
        # What could not be done for an alert is logged after it went out.
        self.watch.until(
            lambda seen: is_told_in_slack(seen, "died of memory", job) or None, "word of the failure"
        )

    def known(self, job: Document) -> Document:
        """The job as AWS Batch describes it."""
        (found,) = self.pulse.batch.describe_jobs(jobs=[job["batch_job_id"]])["jobs"]
        return dict(found)

    def deliver(self, recorded: Path, job: Document) -> None:
        """A recorded event of AWS Batch, as one of this job."""
        event = json.loads(recorded.read_text())
        event["detail"] |= {name: job[name] for name in ("jobId", "jobName", "jobQueue")}
        told = ("environment", "logConfiguration", "logStreamName")
        event["detail"]["container"] |= {name: job["container"][name] for name in told}
        self.pulse.sqs.send_message(QueueUrl=self.pulse.queue_url("Events"), MessageBody=json.dumps(event))

    def dropped(self, seen: Seen, version: str) -> list[Document]:
        """The jobs that an object's version made."""
        untagged = (job for job in seen.jobs if "Run" not in job["tags"])
        return [job for job in untagged if any(version in word for word in command_of(job))]

    def jobs(self, seen: Seen) -> list[Document]:
        return [job for job in seen.jobs if job["tags"].get("Run") == self.run]

    def memories(self, seen: Seen) -> set[str]:
        """What the jobs of this run were given, MiB."""
        needs = [need for job in self.jobs(seen) for need in job["container"]["resourceRequirements"]]
        return {need["value"] for need in needs if need["type"] == "MEMORY"}


def text_of(from_now: timedelta) -> str:
    """A moment as the ledger has it."""
    return (datetime.now(UTC) + from_now).isoformat().replace("+00:00", "Z")


def is_told_in_slack(seen: Seen, word: str, job: Document) -> bool:
    told = [json.dumps(message) for message in seen.messages if message["channel"] == "slack"]
    return any(word in text and job["job_id"] in text for text in told)


def hash_of(request: Document) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(request, sort_keys=True)))
