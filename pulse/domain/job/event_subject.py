"""What decides that an event of AWS Batch is about a record: one rule, for a job, an array and its children.

A job's environment, and with it PULSE_JOB_ID, and its name are chosen by whoever submits it. Its id, its
queue and which job of a name is the oldest are AWS Batch's word.

| the record | the event's job | is about it |
| --- | --- | --- |
| has AWS Batch's id | has the same id | yes |
| has AWS Batch's id | has another id | no: another job runs with its PULSE_JOB_ID |
| CLAIMED, no id yet | has its name, queue, PULSE_JOB_ID and array size | yes: SubmitJob's answer is to come |
| CLAIMED, no id yet | the same, and AWS Batch lists an older one of that name | no: it copies that one |
| CLAIMED, no id yet | lacks one of these | no |
| RELEASED | any | no: AWS Batch surely took no job for it, so this one is somebody else's |

A job that has a record of its own, under AWS Batch's id, keeps it, whatever else it looks like. Of an array's
child and of a node the job in question is the array and the whole multi-node job (`whole_job`).
RecordJobEvent asks AWS Batch for an older one.
"""

import re

from msgspec import structs

from pulse.domain.job.event import JobEvent
from pulse.domain.job.ids import usable_as_job_id
from pulse.domain.job.record import JobRecord

_OF_BATCH = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
"""The form of AWS Batch's job ids. No job may choose one for its record: it is, or will be, another job's."""


def is_about(record: JobRecord, event: JobEvent, *, queue: str) -> bool:
    """Whether `event` tells of the job of this record. `queue`: the name of the event's job queue."""
    if record.batch_job_id:
        return record.batch_job_id == event.batch_job_id
    return (
        record.status == "CLAIMED"
        and (record.job_name, record.queue, record.job_id) == (event.job_name, queue, event.named_job_id)
        and _is_alike(record, event)
    )


def record_ids(event: JobEvent) -> list[str]:
    """Under which ids the event's job may be recorded: the PULSE_JOB_ID it runs with, where its results lie,
    or, when that is missing, unusable or another job's, the id that AWS Batch gave it.
    """
    own = event.named_job_id
    chosen = [own] if usable_as_job_id(own) and not _OF_BATCH.match(own) else []
    return [*chosen, *([event.batch_job_id] if event.batch_job_id else [])]


def whole_job(event: JobEvent) -> JobEvent:
    """An event of an array's child or of a node, as one of the whole array or multi-node job."""
    return structs.replace(event, batch_job_id=event.parent_batch_job_id, array_index=event.child)


def _is_alike(record: JobRecord, event: JobEvent) -> bool:
    """Whether both are an array of the same size, or none. A child's event does not say how many there are,
    nor does one that gives up a claim.
    """
    if event.is_array_child:
        return record.array_size is not None
    return event.array_size in {None, record.array_size}
