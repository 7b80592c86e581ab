"""Which dropped data set is trained, and how: the first trigger that fits its key."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, to_builtins

from pulse.domain.fault import Fault, shown
from pulse.domain.request.alerts_wanted import AlertsWanted
from pulse.domain.request.arrays import Shards
from pulse.domain.request.batch_limits import ShareIdentifier
from pulse.domain.request.defaults import BatchSizeDays, IdColumns, MissingValues, Variables
from pulse.domain.request.job_request import JobRequest
from pulse.domain.request.parameters import Parameters, TrainingName
from pulse.domain.request.profile import ProfileName
from pulse.domain.s3.layout import DATASETS, UPLOADS, folder_of, is_hidden, name_of
from pulse.domain.s3.table_names import Suffixes, ends_like_table
from pulse.domain.text.dollars import Usd

Prefix = Annotated[
    str,
    Meta(pattern=r"^datasets/", max_length=1024, description="a key prefix beginning with datasets/"),
]
Suffix = Annotated[
    str,
    Meta(
        max_length=64,
        description="the end of a key, such as .csv, or empty for any; left out: any name of a data set",
    ),
]
On = Annotated[
    Literal["object", "_SUCCESS", "manifest.json"],
    Meta(description="object, or the name of a marker: _SUCCESS or manifest.json"),
]

_WHAT = ("prefix", "suffix", "on")
"""What a trigger is for; its other fields are a request's."""


class Trigger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`on: object`: each object with the prefix and the suffix is a data set; without a suffix, each whose
    name ends as those of data sets do (`Catalogue.table_suffixes`). A marker or a temporary file on the path
    below the prefix is none (`s3_layout.is_hidden`).

    `on: _SUCCESS` or `on: manifest.json`: a data set is a folder of files, uploaded before its marker, which
    goes last. All other objects under the prefix wait for it; its arrival is one request for the folder that
    it lies in, with the folders below. A marker directly under `datasets/` means all of `datasets/`. The
    marker's version is the request's identity: dropping it again is a new job. The job reads the folder as it
    is when it runs.

    An empty `_SUCCESS`, as Spark writes it, will do. A `manifest.json` holds {"files": [...]}, the paths of
    the tables below its folder or their whole keys (`drop_manifest`). Each must be there, and no table beside
    them: the job would read it too. Either is refused, with the names.

    No `variables`: all numeric columns of the file. No dates: its whole period. Defaults of a request do
    not apply to these three, because a file's columns and dates are its own. `missing_values`, `id_columns`
    and `share_identifier` (for a profile whose queue is fair-share): a dropped file can name none itself.
    """

    prefix: Prefix = DATASETS
    suffix: Suffix | None = None
    on: On = "object"
    profile: ProfileName
    training: TrainingName | None = None
    parameters: Parameters = {}
    variables: Variables = ()
    missing_values: MissingValues | None = None
    id_columns: IdColumns | None = None
    batch_size_days: BatchSizeDays | None = None
    start_date: date | None = None
    end_date: date | None = None
    share_identifier: ShareIdentifier | None = None
    shards: Shards | None = None
    alerts: AlertsWanted | None = None
    max_cost_usd: Usd | None = None

    def faults(self) -> list[Fault]:
        faults = JobRequest(
            missing_values=self.missing_values,
            id_columns=self.id_columns,
            start_date=self.start_date,
            end_date=self.end_date,
            max_cost_usd=self.max_cost_usd,
        ).faults()
        if self.prefix.startswith(UPLOADS):
            limit = f"a prefix outside {UPLOADS}, where no object starts a job"
            faults.append(Fault("prefix", limit, shown(self.prefix)))
        if self.has_marker and self.suffix:
            faults.append(Fault("suffix", f"nothing with on: {self.on}", shown(self.suffix)))
        return faults

    @property
    def has_marker(self) -> bool:
        return self.on != "object"

    def __str__(self) -> str:
        if self.has_marker:
            return f"{self.prefix}*/{self.on}"
        return f"{self.prefix}*" + (" (a data set's name)" if self.suffix is None else self.suffix)

    def matches(self, key: str, table_suffixes: Suffixes) -> bool:
        """Suffixes are compared without case: `MARKET.CSV` is a CSV."""
        if not key.startswith(self.prefix):
            return False
        if self.has_marker:
            return True
        suffixes = table_suffixes if self.suffix is None else (self.suffix.lower(),)
        return ends_like_table(key, suffixes) and not key.endswith("/") and not is_hidden(key, self.prefix)

    def awaits(self, key: str) -> bool:
        """Whether an object that fits is one of a folder's files, and starts nothing."""
        is_marker = name_of(key) == self.on and not is_hidden(folder_of(key), self.prefix)
        return self.has_marker and not is_marker

    def request(self, key: str, version_id: str = "") -> dict[str, Any]:
        """The JobRequest, as JSON holds it, for a dropped object or the folder that a marker completes."""
        own = {name: value for name, value in to_builtins(self).items() if name not in _WHAT}
        whole: dict[str, Any] = (
            {} if self.training else {"variables": [], "start_date": None, "end_date": None}
        )
        return whole | own | self._dataset(key, version_id)

    def _dataset(self, key: str, version_id: str) -> dict[str, Any]:
        if self.has_marker:
            folder = folder_of(key)
            return {"dataset": None if folder == DATASETS else folder}
        return {"dataset": key, "dataset_version_id": version_id or None}


def matching(
    triggers: Iterable[Trigger], key: str, suffixes_of: Callable[[str | None], Suffixes]
) -> Trigger | None:
    """The first of `triggers` that fits `key`, in the order of the configuration. `suffixes_of`: how the
    names of a training's data sets end.
    """
    return next((one for one in triggers if one.matches(key, suffixes_of(one.training))), None)


def order_faults(triggers: Sequence[Trigger]) -> list[Fault]:
    """A trigger with a marker must come before each one that holds its prefix: that one would start a job for
    every file, or leave nothing over. Paths are those of the configuration.
    """
    return [
        Fault(
            f"triggers[{i}].prefix",
            f"one that triggers[{j}] does not hold, or a place before it",
            f"{shown(later.prefix)} after {shown(earlier.prefix)}",
        )
        for i, later in enumerate(triggers)
        for j, earlier in enumerate(triggers[:i])
        if later.prefix.startswith(earlier.prefix) and (later.has_marker or earlier.has_marker)
    ]
