"""The AWS Batch client over the simulated service: the calls that pulse.aws makes, with boto3's answers and
errors.
"""

from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.loaders import Loader
from botocore.model import ServiceModel

from tests.simulation.batch_job import Document
from tests.simulation.batch_service import BatchService
from tests.simulation.kernel import Kernel

_MODEL = ServiceModel(Loader().load_service_model("batch", "service-2"), "batch")
_REQUIRED = ("jobName", "jobQueue", "jobDefinition")


class Batch:
    """`once`: it sends nothing twice, as pulse.aws.clients.batch; SubmitJob is never sent twice."""

    def __init__(self, kernel: Kernel, service: BatchService, *, once: bool = False) -> None:
        self._kernel, self._service, self._once = kernel, service, once
        self.meta = SimpleNamespace(service_model=_MODEL)

    def submit_job(self, **request: Any) -> Document:
        missing = [name for name in _REQUIRED if name not in request]
        if missing:
            raise ParamValidationError(report=f'Missing required parameter in input: "{missing[0]}"')

        def taken() -> Document:
            job = self._service.submit(request)
            return {"jobArn": job.arn, "jobName": job.name, "jobId": job.id}

        return self._kernel.call("batch", "SubmitJob", taken, once=True)

    def list_jobs(self, *, jobQueue: str, filters: list[dict[str, Any]]) -> Document:  # noqa: N803 - AWS's name
        """By JOB_NAME only."""
        [wanted] = filters
        [name] = wanted["values"]
        if wanted["name"] != "JOB_NAME" or name.endswith("*"):
            raise NotImplementedError(wanted)
        return self._kernel.call(
            "batch",
            "ListJobs",
            lambda: {"jobSummaryList": self._service.listed(jobQueue, name)},
            once=self._once,
        )

    def describe_jobs(self, *, jobs: list[str]) -> Document:
        return self._kernel.call(
            "batch", "DescribeJobs", lambda: {"jobs": self._service.described(jobs)}, once=self._once
        )

    def terminate_job(self, *, jobId: str, reason: str) -> Document:  # noqa: N803 - AWS's name
        def told() -> Document:
            self._service.terminate(jobId, reason)
            return {}

        return self._kernel.call("batch", "TerminateJob", told, once=self._once)

    def get_job_queue_snapshot(self, *, jobQueue: str) -> Document:  # noqa: N803 - AWS's name
        return self._kernel.call(
            "batch", "GetJobQueueSnapshot", lambda: self._service.snapshot(jobQueue), once=self._once
        )
