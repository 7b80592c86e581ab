"""Least privilege, proved: take away any one statement of any role and the path is denied."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pulse.aws.ledger.items import REFUSALS
from pulse.domain.job.status import position
from tests.local.denials import Denied, Seen, Watch
from tests.local.deployment import ENDS, Deployment, command_of, pulse_job_id, sample, until
from tests.local.iam_statements import all_statements, without

pytestmark = pytest.mark.local
EVENTS = Path(__file__).parents[1] / "events"
OUT_OF_MEMORY = EVENTS / "batch_failed_out_of_memory.json"
RUNNING = EVENTS / "batch_running.json"
ROLES = 9
"""Six functions, the job, its start, and the schedules of what is overdue."""


def test_should_be_denied_without_any_one_statement(own_pulse: Deployment, subtests: pytest.Subtests):
    statements = list(all_statements(own_pulse))
    assert len({statement.role for statement in statements}) == ROLES
    assert outcome(Watch.begun(own_pulse)) == "completed"

    for statement in statements:
        watch = Watch.begun(own_pulse, statement)
        with subtests.test(str(statement)), without(own_pulse, statement):
            assert outcome(watch).startswith("denied")

    # What was refused is delivered again meanwhile, and may still be denied once.
    until(lambda: outcome(Watch.begun(own_pulse)) == "completed", "the path as it was before")


def outcome(watch: Watch) -> str:
    """Goes through every door; "denied: …" as soon as that shows, "completed" when all came out right. The
    jobs are ended then: none is in the way of the next.
    """
    try:
        _Walk(watch).all_doors()
    except Denied as denial:
        return f"denied: {denial}"
    finally:
        end_all(watch.pulse, watch.began)
    return "completed"


def end_all(pulse: Deployment, since: float) -> None:
    def unfinished() -> list[str]:
        return [job["jobId"] for job in pulse.all_jobs(since) if job["status"] not in ENDS]

    for batch_job_id in unfinished():
        pulse.batch.terminate_job(jobId=batch_job_id, reason="The test goes on")
    until(lambda: not unfinished(), "the end of all jobs")


class _Walk:
    def __init__(self, watch: Watch) -> None:
        self.pulse, self.watch = watch.pulse, watch
        self.run = uuid.uuid4().hex

    def all_doors(self) -> None:
        key = f"datasets/{self.run}.csv"
        # There is no such job: the function is to be up when it has to be quick, further down.
        self.pulse.api.call("POST", f"/jobs/{self.run}/cancel")
        empty_datasets(self.pulse)
        forget_refused_drops(self.pulse)
        version = self.pulse.drop(key, sample(500))
        self.pulse.drop(f"requests/{self.run}.json", b'{"profile": "huge"}')
        versioned = {"dataset": key, "dataset_version_id": version}
        # A hundredth of it on this AWS, and the machine may be busy.
        on_instances, auto = (
            {"profile": profile, "timeout_seconds": 86400} for profile in ("instances", "auto")
        )

        first = self.submit(versioned | on_instances)
        # It waits long enough to be ended before it begins. Of an array AWS Batch is asked how it is.
        unwanted = self.submit(on_instances | {"dataset": key, "shards": 2, "depends_on": [first["job_id"]]})
        # By another name than its id, so that it is looked for.
        self.call("POST", f"/jobs/{unwanted['batch_job_id']}/cancel")
        # One looks at the data set and at what it took before, the other at all there are and at earlier
        # runs of the profile.
        self.call("POST", "/jobs", versioned | auto, query={"dry_run": "true"})
        submitted = [first, self.submit(auto)]
        self.call("GET", f"/jobs/{first['job_id']}")
        self.call("GET", "/jobs", query={"profile": "small"})
        self.call("GET", "/jobs", query={"tag": f"Run={self.run}"})
        self.call("GET", "/costs")
        self.call("GET", "/queue")
        self.reconcile()

        missing: list[str] = []

        def is_complete(seen: Seen) -> bool | None:
            missing[:] = self.missing(seen, version, submitted)
            return not missing or None

        try:
            self.watch.until(is_complete, f"the run {self.run}")
        except AssertionError:
            pytest.fail(f"Still to come: {missing}")
        self.call("GET", f"/jobs/{first['job_id']}/logs")
        self.runs_over(submitted[-1])
        self.loses_the_end(submitted[-1])
        self.adopts(first, versioned | on_instances)
        self.dies_of_memory(first)
        self.watch.until(lambda seen: "4096" in self.memories(seen) or None, "the rerun with more memory")
        # What could not be done for an alert is logged after it went out.
        self.watch.until(lambda seen: is_told_in_slack(seen, "FAILED", first) or None, "word of the failure")

    def submit(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the submission was answered with. It has an Idempotency-Key of its own."""
        tagged = request | {"tags": {"Run": self.run}}
        return self.call("POST", "/jobs", tagged, headers={"Idempotency-Key": f'"{hash_of(tagged)}"'})

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        answer = self.pulse.api.call(method, path, body=body, **options)
        if not answer.is_success:
            self.watch.until(lambda _: None, f"the denial behind {answer.text}")
        return dict(answer.json())

    def missing(self, seen: Seen, version: str, submitted: list[dict[str, Any]]) -> list[str]:
        """What has yet to come: results, and word to everybody."""
        dropped = [
            job
            for job in seen.jobs
            if "Run" not in job["tags"] and any(version in word for word in command_of(job))
        ]
        statuses = {pulse_job_id(job): job["status"] for job in (*self.jobs(seen), *dropped)}
        told = [pulse_job_id(job) for job in dropped] + [job["job_id"] for job in submitted]
        steps = {
            "a job for the drop": bool(dropped),
            "the alert of the bad request": seen.is_told(f"{self.run}.json", "email"),
            "the logs of all functions": seen.every_function_logged(),
            **{
                f"the end of {job['job_id']}, now {statuses.get(job['job_id'])}": statuses.get(job["job_id"])
                == "SUCCEEDED"
                for job in submitted
            },
            **{
                f"{channel} about {job_id}": seen.is_told(job_id, channel)
                for job_id in told
                for channel in ("email", "slack")
            },
        }
        return [step for step, done in steps.items() if not done]

    def reconcile(self) -> None:
        name = self.pulse.function("ReconcileJobs")
        self.pulse.found.client("lambda").invoke(FunctionName=name, Payload=b"{}")

    def runs_over(self, job: dict[str, Any]) -> None:
        """Makes the ledger take the job for a running one that is soon due, and delivers the event of its
        start again, so that its schedule is set and fires.
        """
        # So long should it run for whoever looks at what never ended: nobody finds out its end meanwhile.
        running = {"status": "RUNNING", "attempts": 0, "position": position("RUNNING", 0)}
        self.overwrite(job, **running, expected_seconds=86400, due_at=text_of(timedelta(seconds=5)))
        (known,) = self.pulse.batch.describe_jobs(jobs=[job["batch_job_id"]])["jobs"]
        self.deliver(RUNNING, known)
        self.watch.until(
            lambda seen: is_told_in_slack(seen, "is overdue", job) or None,
            f"word that {job['job_id']} is due",
        )

    def loses_the_end(self, job: dict[str, Any]) -> None:
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

    def overwrite(self, job: dict[str, Any], **values: str | int) -> None:
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

    def adopts(self, job: dict[str, Any], request: dict[str, Any]) -> None:
        """Makes the ledger forget the answer of SubmitJob and all that came after, and asks for the same job
        again.
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
        assert self.submit(request) == job

    def dies_of_memory(self, job: dict[str, Any]) -> None:
        """Delivers the event by which AWS Batch tells that a container outgrew its memory, of a job whose end
        the ledger has forgotten.
        """
        (known,) = self.pulse.batch.describe_jobs(jobs=[job["batch_job_id"]])["jobs"]
        self.deliver(OUT_OF_MEMORY, known)

    def deliver(self, recorded: Path, job: dict[str, Any]) -> None:
        """A recorded event of AWS Batch, as one of this job."""
        event = json.loads(recorded.read_text())
        event["detail"] |= {name: job[name] for name in ("jobId", "jobName", "jobQueue")}
        told = ("environment", "logConfiguration", "logStreamName")
        event["detail"]["container"] |= {name: job["container"][name] for name in told}
        self.pulse.sqs.send_message(QueueUrl=self.pulse.queue_url("Events"), MessageBody=json.dumps(event))

    def jobs(self, seen: Seen) -> list[dict[str, Any]]:
        return [job for job in seen.jobs if job["tags"].get("Run") == self.run]

    def memories(self, seen: Seen) -> set[str]:
        """What the jobs of this run were given, MiB."""
        needs = [need for job in self.jobs(seen) for need in job["container"]["resourceRequirements"]]
        return {need["value"] for need in needs if need["type"] == "MEMORY"}


def text_of(from_now: timedelta) -> str:
    """A moment as the ledger has it."""
    return (datetime.now(UTC) + from_now).isoformat().replace("+00:00", "Z")


def is_told_in_slack(seen: Seen, word: str, job: dict[str, Any]) -> bool:
    told = [json.dumps(message) for message in seen.messages if message["channel"] == "slack"]
    return any(word in text and job["job_id"] in text for text in told)


def hash_of(request: dict[str, Any]) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(request, sort_keys=True)))


def empty_datasets(pulse: Deployment) -> None:
    bucket = pulse.where.data_bucket
    for item in pulse.s3.list_objects_v2(Bucket=bucket, Prefix="datasets/").get("Contents", []):
        pulse.s3.delete_object(Bucket=bucket, Key=item["Key"])


def forget_refused_drops(pulse: Deployment) -> None:
    """Each walk drops a bad request, and of many in ten minutes people are not told one by one."""
    refused = {"ExpressionAttributeValues": {":refused": {"S": REFUSALS}}, "TableName": pulse.ledger}
    for item in pulse.table.query(KeyConditionExpression="pk = :refused", **refused)["Items"]:
        pulse.table.delete_item(TableName=pulse.ledger, Key={name: item[name] for name in ("pk", "sk")})
