"""One child of an array, once it has ended."""

from decimal import Decimal

from msgspec import Struct

from pulse.domain.job.status import Status


class Child(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An ended child. `cause` is the word of the diagnosis by its event; it and the reasons are empty when it
    ended well.
    """

    index: int
    status: Status
    batch_job_id: str = ""
    cause: str = ""
    attempts: int = 0
    exit_code: int | None = None
    reason: str = ""
    status_reason: str = ""
    stopped_by_request: bool = False
    log_stream: str = ""
    ran_seconds: float | None = None
    cost_usd: Decimal | None = None
