"""What a test over the real stacks says of jobs that came out wrong: nobody has to run it again for that."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from tests.local.deployment import Deployment, pulse_job_id

_MOST_JOBS = 5
_SHOWN = ("status", "statusReason", "createdAt", "startedAt", "stoppedAt")


def of_jobs(pulse: Deployment, job_ids: Collection[str]) -> str:
    """Of each job, the first five: what AWS Batch lists, what the ledger holds, and what the functions made
    of it, in the order of time; and how often anybody was told.
    """
    lines = _lines(pulse)
    listed = pulse.all_jobs()

    def of_job(job_id: str) -> Iterable[str]:
        key = {"pk": {"S": f"JOB#{job_id}"}, "sk": {"S": "RECORD"}}
        record = pulse.table.get_item(TableName=pulse.ledger, Key=key).get("Item", {})
        yield f"the ledger: {_plain(record)}"
        yield from (f"AWS Batch: {_job(job)}" for job in listed if pulse_job_id(job) == job_id)
        yield from (f"{at} {text}" for at, text in lines if job_id in text)
        yield from (
            f"{message['received_at']} {message['channel']}: {message.get('attributes', {}).get('kind', '')}"
            for message in pulse.messages(job_id)
        )

    return told(job_ids, of_job)


def told(wrong: Collection[str], of_one: Callable[[str], Iterable[str]]) -> str:
    """The first five of what is wrong, each with its lines below."""
    few = sorted(wrong)[:_MOST_JOBS]
    parts = (f"{name}\n" + "\n".join(f"    {line}" for line in of_one(name)) for name in few)
    return "\n".join([f"{len(wrong)} came out wrong, such as:", *parts])


def _lines(pulse: Deployment) -> list[tuple[int, str]]:
    """All that functions and jobs logged, by milliseconds since 1970."""
    groups = pulse.logs.describe_log_groups()["logGroups"]
    events = [
        event
        for group in groups
        for event in pulse.logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    return sorted((event["timestamp"], event["message"].strip()) for event in events)


def _job(job: Mapping[str, Any]) -> str:
    shown = {name: job[name] for name in ("jobId", "jobName", *_SHOWN) if name in job}
    return json.dumps(shown | {"attempts": len(job.get("attempts", ()))})


def _plain(item: Mapping[str, Any]) -> str:
    return json.dumps({name: next(iter(typed.values())) for name, typed in item.items()}, default=str)
