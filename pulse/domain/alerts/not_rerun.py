"""The alert when a job is not submitted again by itself, as its own alert said: REJECTED."""

from collections.abc import Callable, Mapping

from msgspec import structs

from pulse.domain.alerts.about_job import Deployment, command, headline, job_links
from pulse.domain.alerts.alert import REASON_CHARACTERS, SEVERITIES, Alert, facts
from pulse.domain.alerts.facts import job_names
from pulse.domain.diagnosis.next_run import NextRun, why
from pulse.domain.errors import OverLimit, Refused, RefusedByBatch
from pulse.domain.fault import cut, shown
from pulse.domain.job.record import JobRecord
from pulse.domain.request.alerts_wanted import muted
from pulse.domain.request.identity import AutomaticReason
from pulse.domain.text.redaction import redacted_lines


class NoLargerSize(Refused):
    """Raised when the queue of a job that died of memory has no more to give."""

    def __init__(self, queue: str) -> None:
        super().__init__(f"The queue {shown(queue)} has no more to give than the job had.")


class NoOnDemandQueue(Refused):
    """Raised when the queue of a job that lost its Spot capacity names no queue on demand any more."""

    def __init__(self, queue: str) -> None:
        super().__init__(f"The queue {shown(queue)} has no on_demand_queue in the configuration.")


NOTHING_MORE: Mapping[AutomaticReason, Callable[[str], Refused]] = {
    "memory": NoLargerSize,
    "spot": NoOnDemandQueue,
}
"""What is raised where the queue of a job, by its name, has nothing more to give."""


def rerun_alert(
    record: JobRecord,
    deployment: Deployment,
    because: AutomaticReason,
    following: NextRun | None,
    refusal: Refused,
) -> Alert:
    """`record`: of the job that failed. `following`: what it was to get, None when there is none."""
    again = command("Run it again", "rerun", record.results_id)
    if following:
        again = structs.replace(again, line=f"{again.line} {following.options}")
    wanted = f" {following.how}" if following else ""
    refused = "\n".join(redacted_lines(str(refusal).splitlines()))
    return Alert(
        kind="REJECTED",
        severity=SEVERITIES["REJECTED"],
        about=record.results_id,
        headline=headline(record, "was not submitted again"),
        reason=cut(f"It {why(record, because)} and was to run again{wanted}. {refused}", REASON_CHARACTERS),
        next_step=_NEXT_AFTER.get(type(refusal), "Correct what the reason names, then run it again."),
        facts=facts([("Resources", f"{record.vcpus} vCPU, {record.memory_mib} MiB")]),
        names=job_names(record),
        commands=(again,),
        links=job_links(record, deployment),
        job_id=record.results_id,
        batch_job_id=record.batch_job_id,
        profile=record.profile,
        share=record.share_identifier,
        muted=muted(record.alerts),
        cause="rejected",
    )


_NEXT_AFTER: dict[type[Refused], str] = {
    OverLimit: "Run it again with what the reason allows: a higher max_cost_usd (--set max_cost_usd=AMOUNT), "
    "fewer attempts or a shorter timeout_seconds; or raise the monthly budget in the configuration first.",
    RefusedByBatch: "Repair what AWS Batch names (its queue, its job definition), then run it again.",
    NoLargerSize: "Run it again with a shorter period, fewer variables, or a profile of a queue that "
    "has more memory (--set profile=NAME).",
    NoOnDemandQueue: "Run it again, with more attempts or a profile of a queue that does not use Spot "
    "(--set profile=NAME).",
}
