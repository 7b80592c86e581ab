"""Site: where this deployment's jobs read, write and run."""

from msgspec import Struct


class Site(Struct, frozen=True, kw_only=True):
    """Two buckets by name, and the ARN, with revision, of the job definition for queues that name none."""

    data_bucket: str
    results_bucket: str
    job_definition: str
