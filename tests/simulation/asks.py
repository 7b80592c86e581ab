"""What is asked of Pulse, by whom and how often."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

Door = Literal["call", "data set", "folder", "manifest", "request file", "other program"]
Profile = Literal["small", "auto", "shared", "instances"]
Array = Literal["", "shards", "sweep"]
Flaw = Literal["", "field", "profile", "period", "cost", "no data", "text"]
"""Why a request can never become a job; empty where it can."""
Rerun = Literal["", "as it was", "changed"]


@dataclass(frozen=True)
class Ask:
    """What somebody wants. `at`: when, seconds since the start. `twins`: how much later the same is asked
    again by others. `sequential`: each child of the array waits for the one before it. `stem`: of the
    object's name, where it is odd. `keyed`: with an Idempotency-Key. `after`: the job that it depends on was
    asked for under this name. `gives_up`: nobody asks again where no answer came. `forced`: each call is a
    request like no other. `dry`: only what would be submitted is asked for. `rerun`: the job is asked for
    again, `rerun_after` its answer. `kinds` and `channels`: of what to hear, and where, None for what is
    usual. `brief`: one short attempt will do. `again`: how much later the same object is dropped as a new
    version. `deleted`: how soon it is deleted. `shape`: from 0 to below 1, for what else differs.

    How long after the answer: `cancelled`, it is cancelled; `looks`, the caller looks at the job, the queues,
    the costs; `conflicts`, its key is used for something else; `cloned` and `stopped`, somebody has AWS Batch
    itself run a copy of the job, or end it.
    """

    name: str
    door: Door
    at: float
    twins: tuple[float, ...] = ()
    profile: Profile = "small"
    array: Array = ""
    sequential: bool = False
    flaw: Flaw = ""
    stem: str = ""
    keyed: bool = False
    after: str = ""
    cancelled: float | None = None
    gives_up: bool = False
    forced: bool = False
    dry: bool = False
    rerun: Rerun = ""
    rerun_after: float = 0.0
    looks: float | None = None
    kinds: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    expected_seconds: int | None = None
    brief: bool = False
    again: float | None = None
    deleted: float | None = None
    conflicts: float | None = None
    cloned: float | None = None
    stopped: float | None = None
    shape: float = field(default=0.0, repr=False)

    @property
    def dataset(self) -> str:
        """The key of the data set, which no other ask has."""
        stem = self.stem or self.name
        match self.door:
            case "folder":
                return f"datasets/folders/{stem}/"
            case "manifest":
                return f"datasets/listed/{stem}/"
            case "data set":
                return f"datasets/{self.profile}/{stem}.csv"
            case _:
                return f"datasets/uploads/{stem}.csv"

    @property
    def key(self) -> str:
        """Of the object whose arrival asks for the job; empty for a call."""
        match self.door:
            case "folder":
                return f"{self.dataset}_SUCCESS"
            case "manifest":
                return f"{self.dataset}manifest.json"
            case "data set":
                return self.dataset
            case "request file":
                return f"requests/{self.stem or self.name}.json"
            case _:
                return ""

    @property
    def versions(self) -> int:
        """How many requests a drop is: each version of an object is one."""
        return 1 if self.again is None else 2

    def body(self, depends_on: str = "") -> dict[str, Any]:
        """The request, which its tag tells apart from all others."""
        request: dict[str, Any] = {
            "dataset": self.dataset,
            "variables": ["spx_close"],
            "tags": {"Ask": self.name},
        }
        if self.profile != "small":
            request["profile"] = self.profile
        if self.profile == "shared":
            request["share_identifier"] = f"team{int(4 * self.shape)}"
        if self.array == "shards":
            request["shards"] = 2 + int(4 * self.shape)
        elif self.array == "sweep":
            request["sweep"] = {"batch_size_days": [30, 60, 90][: 2 + int(2 * self.shape)]}
        if self.kinds is not None or self.channels is not None:
            wanted = {"kinds": self.kinds, "channels": self.channels}
            request["alerts"] = {name: list(found) for name, found in wanted.items() if found is not None}
        if self.expected_seconds is not None:
            request["expected_runtime_seconds"] = self.expected_seconds
        if self.brief:
            request |= {"timeout_seconds": 300, "attempts": 1}
        awaited: list[Any] = [depends_on] if depends_on else []
        awaited += [{"type": "SEQUENTIAL"}] if self.sequential else []
        return request | _FLAWED.get(self.flaw, {}) | ({"depends_on": awaited} if awaited else {})

    def file(self) -> bytes:
        """The request as a file."""
        content = json.dumps(self.body(), ensure_ascii=False).encode()
        return content[:-7] if self.flaw == "text" else content


_FLAWED: dict[str, dict[str, Any]] = {
    "field": {"datset": "datasets/x.csv"},
    "profile": {"profile": "huge"},
    "period": {"start_date": "2026-02-01", "end_date": "2026-01-01"},
    "cost": {"max_cost_usd": "0.0001"},
    "no data": {"dataset": "datasets/uploads/nowhere.csv", "profile": "auto"},
}
