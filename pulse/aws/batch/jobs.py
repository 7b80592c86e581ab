"""AWS Batch: SubmitJob, and which of its errors leave it open whether the job was taken; finding a job by its
name, describing it, stopping it.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from pulse.aws import errors
from pulse.domain.errors import Misconfigured, NotAccepted, OutcomeUnknown, RefusedByBatch, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

# No byte of the request reached AWS Batch.
_NOT_SENT = (ConnectTimeoutError, EndpointConnectionError)
_NEVER_SENT_AS_IT_IS = (NoCredentialsError, ParamValidationError)


class Batch:
    """Needs `batch:SubmitJob` on the job definitions (their ARNs with revision, and `job-definition/NAME:*`
    for revisions to come) and on the queues, and `batch:TagResource` on the job definitions and `job/*`; to
    find, `batch:ListJobs`, and to describe, `batch:DescribeJobs`, which know no resource; to stop,
    `batch:TerminateJob` on `job/*`.
    """

    def __init__(self, make_client: Callable[[], "BatchClient"]) -> None:
        self._make_client = make_client

    @cached_property
    def _client(self) -> "BatchClient":
        """Made when it is first wanted: mostly nothing has to be looked up."""
        return self._make_client()

    def submit(self, parameters: dict[str, Any]) -> str:
        """AWS Batch's job id, after exactly one call (see clients.batch).

        | what came back | raised |
        | --- | --- |
        | throttled, or never connected | NotAccepted |
        | ClientException (400) | RefusedByBatch |
        | denied, unsigned, not a SubmitJob request | Misconfigured |
        | a 5xx, no answer, a broken one, one without job id | OutcomeUnknown |
        """
        try:
            return self._client.submit_job(**parameters)["jobId"]
        except ClientError as error:
            raise _of_answer(error) from error
        except _NOT_SENT as error:
            raise NotAccepted(type(error).__name__) from error
        except _NEVER_SENT_AS_IT_IS as error:
            raise Misconfigured(f"SubmitJob: {error}") from error
        except Exception as error:  # parsing a broken answer may raise anything
            raise OutcomeUnknown(type(error).__name__) from error

    def find(self, queue_arn: str, job_name: str) -> list[str]:
        """The ids of the queue's jobs of this name in any state, the oldest first. A name is unique here, so
        one page holds them all. Raises Unavailable, Misconfigured.
        """
        with errors.as_domain_errors("Looking a job up by its name"):
            answer = self._client.list_jobs(
                jobQueue=queue_arn, filters=[{"name": "JOB_NAME", "values": [job_name]}]
            )
        if "jobSummaryList" not in answer:
            raise Unavailable("Looking a job up by its name: the answer was cut short.")
        jobs = [job for job in answer["jobSummaryList"] if job["jobName"] == job_name]
        return [job["jobId"] for job in reversed(jobs)]

    def describe(self, batch_job_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The JobDetail of at most 100 jobs; those that AWS Batch does not know are left out. Raises
        Unavailable, Misconfigured.
        """
        with errors.as_domain_errors("Looking jobs up by their ids"):
            answer: Any = self._client.describe_jobs(jobs=list(batch_job_ids))
        if "jobs" not in answer:
            raise Unavailable("Looking jobs up by their ids: the answer was cut short.")
        return list(answer["jobs"])

    def stop(self, batch_job_id: str, reason: str) -> None:
        """Ends a job in any state; one that has ended stays as it is. `reason`: at most 1,024 characters.
        Raises Unavailable, Misconfigured.
        """
        with errors.as_domain_errors("Stopping a job"):
            self._client.terminate_job(jobId=batch_job_id, reason=reason)


def _of_answer(error: ClientError) -> Exception:
    code, message = errors.code(error), str(error.response.get("Error", {}).get("Message", ""))
    if errors.is_throttle(error):
        return NotAccepted(f"{code}: {message}")
    if errors.is_server_error(error) or not errors.http_status(error):
        return OutcomeUnknown(f"{code}: {message}")
    if code == "ClientException":
        return RefusedByBatch(message)
    return Misconfigured(f"SubmitJob: {code}: {message}")
