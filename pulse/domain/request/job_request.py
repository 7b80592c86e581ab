"""JobRequest: what a user asks for, in an API call's body or in a file under `requests/`."""

from datetime import date
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from pulse.domain.fault import Fault, shown
from pulse.domain.request.alerts_wanted import AlertsWanted
from pulse.domain.request.arrays import Shards, Sweep
from pulse.domain.request.batch_limits import (
    MAX_DEPENDENCIES,
    MAX_TAGS,
    Attempts,
    Gpus,
    JobNamePrefix,
    SchedulingPriority,
    ShareIdentifier,
    Tags,
)
from pulse.domain.request.defaults import (
    BatchSizeDays,
    DaskThreads,
    IdColumns,
    LogLevel,
    MissingValues,
    ModelName,
    Season,
    SuccessCriterion,
    Variables,
    period_faults,
    reading_faults,
)
from pulse.domain.request.dependency import Dependency, JobId
from pulse.domain.request.parameters import Parameters, TrainingName
from pulse.domain.request.profile import AutoOrMemory, AutoOrTimeout, AutoOrVcpus, ProfileName, QueueName
from pulse.domain.s3.layout import DATASETS
from pulse.domain.text.dollars import Usd, limit_faults

MAX_KEY_BYTES = 1024

DatasetKey = Annotated[
    str,
    Meta(
        pattern=rf"^{DATASETS}[^\x00\ud800-\udfff]+\Z",
        max_length=MAX_KEY_BYTES,
        description="the key of an object in the data bucket, beginning with datasets/, or of a folder of "
        f"objects, ending with /; at most {MAX_KEY_BYTES} bytes in UTF-8",
    ),
]
VersionId = Annotated[
    str, Meta(pattern=r"^[\x21-\x7e]{1,1024}\Z", description="the version id that S3 gave the object")
]
RuntimeSeconds = Annotated[
    int, Meta(ge=1, le=1_209_600, description="seconds, an integer from 1 to 1209600 (14 days)")
]
Dependencies = Annotated[
    tuple[JobId | Dependency, ...],
    Meta(
        max_length=MAX_DEPENDENCIES,
        description="a list of at most 20 job ids or objects with job_id and type",
    ),
]


class JobRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is left out is taken from the profile, then from the configuration's request defaults.

    `training`: whose jobs it is for, retrodiction where none is named; `parameters`: those of another
    training, in its own names. The fields from `variables` to `season`, and `shards`, are retrodiction's.
    No `dataset`: everything under `datasets/`. `variables: []`: all numeric columns. `start_date: null` or
    `end_date: null`: as far as the data reaches. `missing_values`: what means an empty cell in the data,
    beside what always does. `id_columns`: the columns that tell the rows of one time apart, in data with
    several rows a time; each id becomes a variable. `model`: the only one to forecast with. `season`: how
    many observations it has, 1 for none, instead of what the data shows. Memory in MiB, `timeout_seconds` of
    one attempt; `auto`: sized from the data. `shards`: the training windows are split across so many
    children, then merged. `expected_runtime_seconds`: how long it should run. Its likely cost is quoted for
    that, and somebody is told when it runs longer; where that time has passed as its start is heard of, a
    minute later.
    """

    training: TrainingName | None = None
    parameters: Parameters = {}
    dataset: DatasetKey | None = None
    dataset_version_id: VersionId | None = None
    variables: Variables | None = None
    missing_values: MissingValues | None = None
    id_columns: IdColumns | None = None
    start_date: date | UnsetType | None = UNSET
    end_date: date | UnsetType | None = UNSET
    batch_size_days: BatchSizeDays | None = None
    use_dask: bool | None = None
    dask_threads: DaskThreads | None = None
    success_criterion: SuccessCriterion | None = None
    model: ModelName | None = None
    season: Season | None = None
    log_level: LogLevel | None = None
    profile: ProfileName | None = None
    vcpus: AutoOrVcpus | None = None
    memory_mib: AutoOrMemory | None = None
    gpus: Gpus | None = None
    timeout_seconds: AutoOrTimeout | None = None
    attempts: Attempts | None = None
    queue: QueueName | None = None
    share_identifier: ShareIdentifier | None = None
    scheduling_priority: SchedulingPriority | None = None
    job_name_prefix: JobNamePrefix | None = None
    tags: Tags = {}
    shards: Shards | None = None
    sweep: Sweep | None = None
    depends_on: Dependencies = ()
    alerts: AlertsWanted | None = None
    expected_runtime_seconds: RuntimeSeconds | None = None
    max_cost_usd: Usd | None = None

    def faults(self) -> list[Fault]:
        faults = period_faults(self.start_date or None, self.end_date or None)
        faults += reading_faults(self.missing_values, self.id_columns)
        if self.dataset_version_id and not self.dataset:
            faults.append(Fault("dataset", "a key, since dataset_version_id is given", "nothing"))
        if self.dataset and len(self.dataset.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
            size = f"{len(self.dataset.encode('utf-8', 'surrogatepass'))} bytes"
            faults.append(Fault("dataset", f"a key of at most {MAX_KEY_BYTES} bytes in UTF-8", size))
        if len(self.tags) > MAX_TAGS:
            faults.append(Fault("tags", f"at most {MAX_TAGS} tags", f"{len(self.tags)} tags"))
        if self.dataset_version_id and self.dataset and self.dataset.endswith("/"):
            faults.append(
                Fault("dataset_version_id", "nothing with a folder", shown(self.dataset_version_id))
            )
        faults += limit_faults("max_cost_usd", self.max_cost_usd)
        return faults + self._array_faults()

    @property
    def array_size(self) -> int | None:
        """How many children; None for a single job."""
        return self.sweep.size if self.sweep else self.shards

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        return tuple(
            Dependency(job_id=wanted) if isinstance(wanted, str) else wanted for wanted in self.depends_on
        )

    def _array_faults(self) -> list[Fault]:
        faults = []
        known: set[Dependency] = set()
        if self.shards and self.sweep:
            faults.append(Fault("sweep", "nothing with shards", f"{self.sweep.size} combinations"))
        for i, wanted in enumerate(self.dependencies):
            faults += [fault.below(f"depends_on[{i}]") for fault in wanted.faults()]
            if wanted in known:
                faults.append(Fault(f"depends_on[{i}]", "each dependency once", shown(wanted.job_id)))
            known.add(wanted)
            if wanted.type and not self.array_size:
                limit = "no type, unless the request has shards or sweep"
                faults.append(Fault(f"depends_on[{i}].type", limit, wanted.type))
        return faults

    def given(self) -> dict[str, Any]:
        """Only what was asked for, as JSON would hold it."""
        data: dict[str, Any] = to_builtins(self)
        return data
