"""What a job waits for: jobs by their ids, or, for the children of an array, each other.

https://docs.aws.amazon.com/batch/latest/userguide/job_dependencies.html
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from pulse.domain.fault import Fault

JobId = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z", description="the id of a job of this system")
]


class Dependency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """No type: the whole job ends well first. N_TO_N: each child waits for the child of the same index of
    another array. SEQUENTIAL, without a job id: each child waits for the one before it.
    """

    job_id: JobId | None = None
    type: Literal["N_TO_N", "SEQUENTIAL"] | None = None

    def faults(self) -> list[Fault]:
        if self.type == "SEQUENTIAL":
            return [Fault("job_id", "nothing with SEQUENTIAL", self.job_id)] if self.job_id else []
        return [] if self.job_id else [Fault("job_id", "the id of a job, or type SEQUENTIAL", "nothing")]


def parameter(dependency: Dependency, batch_job_id: str) -> dict[str, str]:
    """SubmitJob's JobDependency; `batch_job_id` is AWS Batch's id of the job, empty for SEQUENTIAL."""
    named = {"jobId": batch_job_id} if batch_job_id else {}
    return named | ({"type": dependency.type} if dependency.type else {})
