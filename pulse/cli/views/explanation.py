"""Why a job is where it is, in sentences: a table from its state to those who know."""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from pulse.cli.client.answers import Json
from pulse.cli.views import submission
from pulse.cli.views.queue import spread_of, usual_wait
from pulse.domain.text import duration
from pulse.domain.text.dollars import usd
from pulse.domain.training import warnings as run_warnings

QUEUED = frozenset({"RUNNABLE"})
"""The states in which it matters who else waits."""
_FRONT = 100


class Explanation(Struct, frozen=True, kw_only=True):
    """Sentences: `why` the job is in its state, what `helps`, and how its log ends."""

    job_id: str
    status: str
    why: list[str]
    helps: list[str] = []
    log_lines: list[str] = []


class Known(Struct, frozen=True, kw_only=True):
    """`job` as GET /jobs/{id} answers it, `queue` one of GET /queue; `others`: the states of the jobs that it
    waits for, empty for one that the ledger does not know; `deciding`: the job that decides how it ends,
    which is mostly itself.
    """

    job: Json
    queue: Json | None
    others: Mapping[str, str]
    deciding: Json
    now: datetime

    def seconds_since(self, moment: str) -> float:
        return max(0.0, (self.now - datetime.fromisoformat(moment)).total_seconds())


def awaited(job: Json) -> list[str]:
    """The ids of the jobs that must end before it starts."""
    named = (job.get("request") or {}).get("depends_on") or []
    ids = [one.get("job_id") if isinstance(one, dict) else one for one in named]
    # What merges or ranks waits for its array, which waits for what the request names.
    return [job["follows"]] if job.get("follows") else [str(one) for one in ids if one]


def of(
    job: Json, *, queue: Json | None, others: Mapping[str, str], deciding: Json, now: datetime
) -> Explanation:
    known = Known(job=job, queue=queue, others=others, deciding=deciding, now=now)
    status = str(job.get("status", ""))
    why, helps = _ROWS.get(status, _nothing)(known)
    return Explanation(
        job_id=str(job.get("job_id", "")),
        status=status,
        why=[sentence for sentence in why if sentence],
        helps=[sentence for sentence in helps if sentence],
        log_lines=list((deciding.get("diagnosis") or {}).get("log_lines") or []),
    )


Answer = tuple[list[str], list[str]]
"""Why, and what helps."""


def _nothing(known: Known) -> Answer:
    return [f"Nothing more is known than its state, {known.job.get('status')}."], []


def _released(known: Known) -> Answer:
    reason = known.job.get("status_reason") or "it gave no reason"
    return [f"AWS Batch did not take it: {reason}"], ["Ask for it again: the same request is submitted then."]


def _claimed(_: Known) -> Answer:
    return (
        ["It is being submitted, or AWS Batch's answer to that was lost."],
        [
            "Wait a minute: its first event says whether AWS Batch has taken it.",
            "The same request again, with the same Idempotency-Key, submits no second job.",
        ],
    )


def _before_its_turn(known: Known) -> Answer:
    job = known.job
    waits = [_waits_for(other, status) for other, status in known.others.items() if status != "SUCCEEDED"]
    failed = [other for other, status in known.others.items() if status == "FAILED"]
    failed_children, _ = submission.failed_children(job)
    children = ", ".join(f"{count:,} {status}" for status, count in (job.get("children") or {}).items())
    why = [
        *waits,
        f"It is an array; its children: {children}." if children else "",
        f"{failed_children}." if failed_children else "",
    ]
    if not any(why):
        why = ["AWS Batch has taken it and not queued it yet, which takes seconds."]
    helps = (
        [f"Repair and run again {', '.join(failed)}: AWS Batch ends this job as FAILED."] if failed else []
    )
    return why, helps


def _waits_for(other: str, status: str) -> str:
    return (
        f"It waits for the end of job {other}, {f'which is {status}' if status else 'unknown to the ledger'}."
    )


def _runnable(known: Known) -> Answer:
    job, queue = known.job, known.queue or {}
    blocked = job.get("blocked") or {}
    why = [
        _position(known),
        f"It was asked for {duration.in_words(known.seconds_since(job['created_at']))} ago.",
        _usual(known, "waited"),
        str(blocked.get("explanation") or ""),
    ]
    if blocked:
        return why, [str(blocked.get("advice") or "")]
    if ahead := _blocked_ahead(job, queue):
        why.append(f"It stands behind job {ahead}, which AWS Batch cannot start.")
        return why, [f"What blocks that one has to be repaired, or it cancelled: pulse explain {ahead}"]
    running = (queue.get("jobs") or {}).get("RUNNING", 0)
    helps = "It starts when jobs that run now end." if running else "It starts as soon as there is capacity."
    return why, [f"Nothing has to be done. {helps}"]


def _blocked_ahead(job: Json, queue: Json) -> str:
    """The id of a blocked job at the head of the queue that is another one."""
    head: Json = next(iter(queue.get("front") or ()), {})
    ahead = str(head.get("job_id") or "")
    return ahead if head.get("blocked_reason") and ahead != job["job_id"] else ""


def _position(known: Known) -> str:
    job, queue = known.job, known.queue
    if queue is None:
        return f"It stands in the queue {job.get('queue')}, which Pulse no longer uses."
    place = next((one for one in queue["front"] if one.get("job_id") == job["job_id"]), None)
    if place:
        since = duration.in_words(known.seconds_since(place["since"]))
        return f"It has been number {place['position']} in the queue {queue['name']} for {since}."
    if len(queue["front"]) < _FRONT:
        return f"AWS Batch does not list it in the queue {queue['name']}: it has just come, or is leaving."
    return f"It is not among the next {_FRONT} jobs of the queue {queue['name']}."


def _usual(known: Known, what: str) -> str:
    """`what`: `waited` or `ran`."""
    if known.job.get("array_size") or known.job.get("follows"):
        return ""  # what is usual is told of single jobs
    profile = str(known.job.get("profile") or "")
    own = known.job.get("usual")
    found = own or ((known.queue or {}).get("usual") or {}).get(profile)
    if not found:
        return f"What is usual for the profile {profile} is not known: too few have run." if profile else ""
    verb = {"waited": "wait", "ran": "run"}[what]
    spread = usual_wait(found) if what == "waited" else spread_of(found, what)
    runs = "Earlier runs like it" if own else f"Jobs of the profile {profile}"
    return f"{runs} usually {verb} {spread}."


def _starting(_: Known) -> Answer:
    return ["AWS Batch has found a place for it and pulls its image, which takes a minute or two."], []


def _running(known: Known) -> Answer:
    job = known.job
    started = job.get("started_at")
    ran = f"It has run for {duration.in_words(known.seconds_since(started))}" if started else "It runs"
    before = job.get("attempts")
    attempts = f", after {before} attempt{'' if before == 1 else 's'} that failed" if before else ""
    due = job.get("due_at")
    late = due and known.now > datetime.fromisoformat(due)
    return (
        [f"{ran}{attempts}.", _usual(known, "ran"), "It is overdue." if late else ""],
        [f"See what it logs: pulse logs {job['job_id']} --follow" if late else ""],
    )


def _failed(known: Known) -> Answer:
    job, failed = known.job, [other for other, status in known.others.items() if status == "FAILED"]
    children, log = submission.failed_children(job)
    return (
        [
            f"{children}." if children else "",
            _why(job),
            *(f"It waited for job {other}, which FAILED: pulse explain {other}" for other in failed),
        ],
        [f"Read the log of one: {log}", f"Then submit the array again: pulse rerun {job['job_id']}"]
        if log and not job.get("foreign")
        else _what_helps(job),
    )


def _why(job: Json) -> str:
    return str((job.get("diagnosis") or {}).get("explanation") or job.get("status_reason") or "")


def _what_helps(job: Json) -> list[str]:
    """What helps a failed job. A job that merges or ranks runs again with its array's request."""
    found = job.get("diagnosis") or {}
    if job.get("rerun"):
        return [f"Pulse has submitted it again, with what it lacked: pulse status {job['rerun']}"]
    if not found.get("retry_helps"):
        again = "The same job again, at once and as it is, would fail again."
    elif job.get("foreign"):
        again = "The same job again may end well. Only the client that submitted it knows its request."
    else:
        again = f"The same job again may end well: pulse rerun {job.get('follows') or job['job_id']}"
    return [str(found.get("advice") or ""), again]


def _succeeded(known: Known) -> Answer:
    job, last = known.job, known.deciding
    ran = duration.in_words(job.get("ran_seconds"))
    cost = f" and cost {usd(job['cost_usd'])}" if job.get("cost_usd") else ""
    why = [f"It ended well. It ran {ran}{cost}." if ran else "It ended well.", _usual(known, "ran")]
    found = submission.result(last)
    why += [f"It found {found}."] if found else []
    warnings = submission.warnings(last)
    why += [f"{run_warnings.HEADING}:", *warnings] if warnings else []
    if last is job:
        return why, []
    failed = last.get("status") == "FAILED"
    why.append(f"Job {last['job_id']}, which puts its results together, is {last.get('status')}.")
    return [*why, _why(last) if failed else ""], _what_helps(last) if failed else []


_ROWS: dict[str, Callable[[Known], Answer]] = {
    "RELEASED": _released,
    "CLAIMED": _claimed,
    "SUBMITTED": _before_its_turn,
    "PENDING": _before_its_turn,
    "RUNNABLE": _runnable,
    "STARTING": _starting,
    "RUNNING": _running,
    "SUCCEEDED": _succeeded,
    "FAILED": _failed,
}
