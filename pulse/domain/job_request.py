"""JobRequest: what a user asks for, in an API call's body or in a file under `requests/`."""

from datetime import date
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from pulse.domain.batch_limits import (
    MAX_TAGS,
    Attempts,
    JobNamePrefix,
    MemoryMib,
    ShareIdentifier,
    Tags,
    TimeoutSeconds,
    Vcpus,
)
from pulse.domain.fault import Fault
from pulse.domain.profile import ProfileName, QueueName
from pulse.domain.request_defaults import (
    BatchSizeDays,
    DaskThreads,
    LogLevel,
    SuccessCriterion,
    Variables,
    period_faults,
)
from pulse.domain.s3_layout import DATASETS

MAX_KEY_BYTES = 1024

DatasetKey = Annotated[
    str,
    Meta(
        pattern=rf"^{DATASETS}[^\x00\ud800-\udfff]*[^/\x00\ud800-\udfff]\Z",
        max_length=MAX_KEY_BYTES,
        description="the key of an object in the data bucket, beginning with datasets/, not ending with /",
    ),
]
VersionId = Annotated[
    str, Meta(pattern=r"^[\x21-\x7e]{1,1024}\Z", description="the version id that S3 gave the object")
]


class JobRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is left out is taken from the profile, then from the configuration's request defaults.

    No `dataset`: everything under `datasets/`. `variables: []`: all numeric columns. `start_date: null` or
    `end_date: null`: as far as the data reaches. Memory in MiB, `timeout_seconds` of one attempt.
    """

    dataset: DatasetKey | None = None
    dataset_version_id: VersionId | None = None
    variables: Variables | None = None
    start_date: date | UnsetType | None = UNSET
    end_date: date | UnsetType | None = UNSET
    batch_size_days: BatchSizeDays | None = None
    use_dask: bool | None = None
    dask_threads: DaskThreads | None = None
    success_criterion: SuccessCriterion | None = None
    log_level: LogLevel | None = None
    profile: ProfileName | None = None
    vcpus: Vcpus | None = None
    memory_mib: MemoryMib | None = None
    timeout_seconds: TimeoutSeconds | None = None
    attempts: Attempts | None = None
    queue: QueueName | None = None
    share_identifier: ShareIdentifier | None = None
    job_name_prefix: JobNamePrefix | None = None
    tags: Tags = {}

    def faults(self) -> list[Fault]:
        faults = period_faults(self.start_date or None, self.end_date or None)
        if self.dataset_version_id and not self.dataset:
            faults.append(Fault("dataset", "a key, since dataset_version_id is given", "nothing"))
        if self.dataset and len(self.dataset.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
            size = f"{len(self.dataset.encode('utf-8', 'surrogatepass'))} bytes"
            faults.append(Fault("dataset", f"a key of at most {MAX_KEY_BYTES} bytes in UTF-8", size))
        if len(self.tags) > MAX_TAGS:
            faults.append(Fault("tags", f"at most {MAX_TAGS} tags", f"{len(self.tags)} tags"))
        return faults

    def given(self) -> dict[str, Any]:
        """Only what was asked for, as JSON would hold it."""
        data: dict[str, Any] = to_builtins(self)
        return data
