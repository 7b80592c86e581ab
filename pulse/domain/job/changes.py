"""How a JobRecord begins, and the only rule by which it changes: forward."""

from datetime import datetime

from msgspec import structs

from pulse.domain.job.event import RESULTS_BUCKET_VARIABLE, JobEvent
from pulse.domain.job.record import Change, JobRecord
from pulse.domain.job.status import position

_RESULTS_BUCKET_OPTION = "--s3-results-bucket"


def foreign(event: JobEvent, *, job_id: str, queue: str, now: datetime) -> JobRecord:
    """The record of a job that another client submitted, as its first event tells it. Of a child's event with
    the array's id, that of the array.
    """
    # Without a PULSE_JOB_ID the training names its results after the AWS Batch job id.
    lies_here = job_id == (event.named_job_id or event.batch_job_id)
    blank = JobRecord(
        job_id=job_id,
        status="CLAIMED",
        created_at=event.created_at or now,
        job_name=event.job_name,
        queue=queue,
        vcpus=event.vcpus,
        memory_mib=event.memory_mib,
        gpus=event.gpus,
        share_identifier=event.share_identifier,
        tags=event.tags,
        variables=_variables(event.command),
        results_bucket=_results_bucket(event) if lies_here else "",
        foreign=True,
        runs_training=event.runs_training,
    )
    if event.is_array_child:
        return structs.replace(blank, status="SUBMITTED", batch_job_id=event.batch_job_id)
    return advanced(blank, event) or blank


def advanced(record: JobRecord, event: JobEvent) -> JobRecord | None:
    """The record after `event`, or None when the event changes nothing. A late one only adds to what is known
    of the past.
    """
    known = _known(record, event)
    if position(event.status, len(event.attempts)) <= record.position:
        return None if known == record else structs.replace(known, revision=record.revision + 1)
    return structs.replace(
        known,
        revision=record.revision + 1,
        status=event.status,
        attempts=max(record.attempts, len(event.attempts)),
        batch_job_id=event.batch_job_id,
        children=event.children or record.children,
        array_size=record.array_size or event.array_size,
        lease_until=None,
        started_at=event.first_started_at or record.started_at,
        stopped_at=event.stopped_at or record.stopped_at,
        ran_seconds=event.ran_seconds if event.ran_seconds is not None else record.ran_seconds,
        exit_code=event.exit_code,
        reason=event.reason or (event.attempts[-1].reason if event.attempts else ""),
        status_reason=event.status_reason or (event.attempts[-1].status_reason if event.attempts else ""),
        blocked_reason="",
        blocked_since=None,
        stopped_by_request=event.stopped_by_request,
        log_group=event.log_group or record.log_group,
        log_stream=event.log_stream or record.log_stream,
        runs_training=_runs_training(record, event),
    )


def _runs_training(record: JobRecord, event: JobEvent) -> bool:
    """Whether a foreign job runs the training; an event that names no program leaves that as it is."""
    names_program = bool(event.command or event.job_definition)
    return record.foreign and (event.runs_training if names_program else record.runs_training)


def _known(record: JobRecord, event: JobEvent) -> JobRecord:
    """Adds the change and the attempts of the event. Of a repeated change the earliest counts."""
    tries = event.attempts if len(event.attempts) > len(record.tries) else record.tries
    if event.at is None:
        return structs.replace(record, tries=tries)
    change = Change(event.status, len(event.attempts), event.at)
    same = [c for c in record.changes if (c.status, c.attempts) == (change.status, change.attempts)]
    if same and same[0].at <= change.at:
        return structs.replace(record, tries=tries)
    changes = sorted([*(c for c in record.changes if c not in same), change], key=_place)
    return structs.replace(record, tries=tries, changes=tuple(changes))


def _place(change: Change) -> int:
    return position(change.status, change.attempts)


def _results_bucket(event: JobEvent) -> str:
    """The option wins over the environment in the container, and of an option said twice the last."""
    words = event.command
    given = [
        word.partition("=")[2] or next(iter(words[index + 1 :]), "")
        for index, word in enumerate(words)
        if word.partition("=")[0] == _RESULTS_BUCKET_OPTION
    ]
    return given[-1] if given else event.environment.get(RESULTS_BUCKET_VARIABLE, "")


def _variables(command: tuple[str, ...]) -> tuple[str, ...]:
    """The words after `--variables`, up to the next option."""
    if "--variables" not in command:
        return ()
    words = command[command.index("--variables") + 1 :]
    end = next((index for index, word in enumerate(words) if word.startswith("--")), len(words))
    return tuple(words[:end])
