"""Least privilege, proved: take away any one statement of any role and the path is denied."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pulse.domain.job_status import position
from tests.local.denials import Denied, Watch
from tests.local.deployment import Deployment, pulse_job_id, sample, until
from tests.local.iam_statements import all_statements, without

pytestmark = pytest.mark.local
OUT_OF_MEMORY = Path(__file__).parents[1] / "events" / "batch_failed_out_of_memory.json"
ROLES = 9
"""Six functions, the job, its start, and the schedules of what is overdue."""


def test_should_be_denied_without_any_one_statement(own_pulse: Deployment, subtests: pytest.Subtests):
    statements = list(all_statements(own_pulse))
    assert len({statement.role for statement in statements}) == ROLES
    assert outcome(Watch.begun(own_pulse)) == "completed"

    for statement in statements:
        watch = Watch.begun(own_pulse)
        with subtests.test(str(statement)), without(own_pulse, statement):
            assert outcome(watch).startswith("denied")

    # What was refused is delivered again meanwhile, and may still be denied once.
    until(lambda: outcome(Watch.begun(own_pulse)) == "completed", "the path as it was before")


def outcome(watch: Watch) -> str:
    """Goes through every door; "denied: …" as soon as that shows, "completed" when all came out right."""
    try:
        _Walk(watch).all_doors()
    except Denied as denial:
        return f"denied: {denial}"
    return "completed"


class _Walk:
    def __init__(self, watch: Watch) -> None:
        self.pulse, self.watch = watch.pulse, watch
        self.run = uuid.uuid4().hex

    def all_doors(self) -> None:
        key = f"datasets/{self.run}.csv"
        # There is no such job: the function is to be up when it has to be quick, further down.
        self.pulse.api.call("POST", f"/jobs/{self.run}/cancel")
        empty_datasets(self.pulse)
        version = self.pulse.drop(key, sample(500))
        self.pulse.drop(f"requests/{self.run}.json", b'{"profile": "huge"}')
        versioned = {"dataset": key, "dataset_version_id": version}
        # A hundredth of it on this AWS, and the machine may be busy.
        small, auto = ({"profile": profile, "timeout_seconds": 86400} for profile in ("small", "auto"))
        watched = {"expected_runtime_seconds": 1}

        sharded = self.submit(small | {"dataset": key, "shards": 2})
        # It waits for the merge, long enough to be ended before it begins.
        unwanted = self.submit(small | {"dataset": key, "depends_on": [sharded["job_id"]]})
        self.call("POST", f"/jobs/{unwanted['job_id']}/cancel")
        # The second looks at the data set and at what it took before, the third at all there are and at
        # earlier runs of the profile.
        first = self.submit(versioned | small | watched)
        submitted = [sharded, first, self.submit(versioned | auto), self.submit(auto)]
        self.call("POST", "/jobs", auto, query={"dry_run": "true"})
        self.call("GET", f"/jobs/{first['job_id']}")
        self.call("GET", "/jobs", query={"profile": "small"})
        self.call("GET", "/jobs", query={"tag": f"Run={self.run}"})
        self.call("GET", "/costs")
        self.call("GET", "/queue")
        self.reconcile()

        try:
            self.watch.until(lambda: not self.missing(version, submitted) or None, f"the run {self.run}")
        except AssertionError:
            pytest.fail(f"Still to come: {self.missing(version, submitted)}")
        self.call("GET", f"/jobs/{first['job_id']}/logs")
        self.loses_the_end(submitted[-1])
        self.adopts(first, versioned | small | watched)
        self.dies_of_memory(first)
        self.watch.until(lambda: self.memories() & {"4096"} or None, "the rerun with more memory")
        # What could not be done for an alert is logged after it went out.
        self.watch.until(lambda: self.failures(first) or None, "word of the failure")

    def submit(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the submission was answered with. It has an Idempotency-Key of its own."""
        tagged = request | {"tags": {"Run": self.run}}
        return self.call("POST", "/jobs", tagged, headers={"Idempotency-Key": f'"{hash_of(tagged)}"'})

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        answer = self.pulse.api.call(method, path, body=body, **options)
        if not answer.is_success:
            self.watch.until(lambda: None, f"the denial behind {answer.text}")
        return dict(answer.json())

    def missing(self, version: str, submitted: list[dict[str, Any]]) -> list[str]:
        """What has yet to come: results, and word to everybody."""
        jobs = self.jobs()
        dropped = [job for job in self.pulse.jobs_of(version) if "Run" not in job["tags"]]
        statuses = {pulse_job_id(job): job["status"] for job in (*jobs, *dropped) if "container" in job}
        told = [pulse_job_id(job) for job in dropped] + [job["job_id"] for job in submitted]
        steps = {
            "a job for the drop": bool(dropped),
            "the alert of the bad request": bool(self.pulse.messages(f"{self.run}.json", "email")),
            "the logs of all functions": self.watch.every_function_logged(),
            **{
                f"the end of {job_id}, now {statuses.get(job_id)}": statuses.get(job_id) == "SUCCEEDED"
                for job_id in (job.get("follower", job)["job_id"] for job in submitted)
            },
            **{
                f"{channel} about {job_id}": bool(self.pulse.messages(job_id, channel))
                for job_id in told
                for channel in ("email", "slack")
            },
        }
        return [step for step, done in steps.items() if not done]

    def reconcile(self) -> None:
        functions = self.pulse.found.client("lambda")
        (name,) = (
            function["FunctionName"]
            for function in functions.list_functions()["Functions"]
            if "ReconcileJobs" in function["FunctionName"]
        )
        functions.invoke(FunctionName=name, Payload=b"{}")

    def loses_the_end(self, job: dict[str, Any]) -> None:
        """Makes the ledger forget that the job has ended, and has that found out."""
        self.overwrite(job, status="RUNNING", attempts=0, position=position("RUNNING", 0), expected_seconds=1)

        def known() -> bool:
            self.reconcile()
            return bool(self.call("GET", f"/jobs/{job['job_id']}")["status"] == "SUCCEEDED")

        self.watch.until(lambda: known() or None, f"the end of {job['job_id']} again")

    def overwrite(self, job: dict[str, Any], **values: str | int) -> None:
        """Changes attributes of a record in the ledger, behind everybody's back."""
        self.pulse.table.update_item(
            TableName=next(name for name in self.pulse.table.list_tables()["TableNames"] if "Ledger" in name),
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
        long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
        self.overwrite(
            job, status="CLAIMED", position=0, attempts=0, lease_until=long_ago, batch_job_id="", exit_code=0
        )
        assert self.submit(request) == job

    def dies_of_memory(self, job: dict[str, Any]) -> None:
        """Delivers the event by which AWS Batch tells that a container outgrew its memory, of a job whose end
        the ledger has forgotten.
        """
        event = json.loads(OUT_OF_MEMORY.read_text())
        (known,) = self.pulse.batch.describe_jobs(jobs=[job["batch_job_id"]])["jobs"]
        event["detail"] |= {name: known[name] for name in ("jobId", "jobName", "jobQueue")}
        told = ("environment", "logConfiguration", "logStreamName")
        event["detail"]["container"] |= {name: known["container"][name] for name in told}
        self.pulse.sqs.send_message(QueueUrl=self.pulse.queue_url("Events"), MessageBody=json.dumps(event))

    def failures(self, job: dict[str, Any]) -> bool:
        return any("FAILED" in json.dumps(told) for told in self.pulse.messages(job["job_id"], "slack"))

    def jobs(self) -> list[dict[str, Any]]:
        return [job for job in self.pulse.all_jobs() if job["tags"].get("Run") == self.run]

    def memories(self) -> set[str]:
        """What the jobs of this run were given, MiB."""
        needs = [
            need for job in self.jobs() for need in job.get("container", {}).get("resourceRequirements", [])
        ]
        return {need["value"] for need in needs if need["type"] == "MEMORY"}


def hash_of(request: dict[str, Any]) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(request, sort_keys=True)))


def empty_datasets(pulse: Deployment) -> None:
    bucket = pulse.where.data_bucket
    for item in pulse.s3.list_objects_v2(Bucket=bucket, Prefix="datasets/").get("Contents", []):
        pulse.s3.delete_object(Bucket=bucket, Key=item["Key"])
