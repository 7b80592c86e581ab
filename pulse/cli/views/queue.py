"""The job queues for people."""

from datetime import UTC, datetime

from pulse.cli import output
from pulse.cli.client.answers import Json
from pulse.domain.text import duration

DEFAULT_FRONT = 10
COLUMNS = ("#", "job", "profile", "waits", "here for", "blocked by")
WHOLE = {"#", "job", "waits", "here for"}
_UNITS = {"VCPU": "vCPU"}


def show(queues: list[Json], limit: int) -> None:
    """`queues` as GET /queue answers them, each with its first `limit` jobs."""
    now = datetime.now(UTC)
    for queue in queues:
        front = queue["front"]
        output.facts(
            str(queue["name"]),
            [
                ("jobs", ", ".join(f"{count:,} {state}" for state, count in queue["jobs"].items()) or "none"),
                ("in use", _in_use(queue["in_use"])),
                *((f"usual wait, {name}", usual_wait(usual)) for name, usual in queue["usual"].items()),
            ],
        )
        if shown := front[:limit]:
            output.table(output.data, COLUMNS, [_cells(job, now) for job in shown], whole=WHOLE)
        if len(front) > limit > 0:
            output.messages.print(f"{len(front) - limit} more stand at the front: --limit, up to 100.")


def usual_wait(usual: Json) -> str:
    """In words: `20 s; 95 of 100 jobs at most 1 min 2 s (12 runs)`."""
    return spread_of(usual, "waited")


def spread_of(usual: Json, what: str) -> str:
    """`what`: `waited` or `ran`."""
    median, p95 = (duration.in_words(usual[f"{what}_{name}_seconds"]) or "0 s" for name in ("median", "p95"))
    return f"{median}; 95 of 100 jobs at most {p95} ({usual['runs']} runs)"


def _in_use(in_use: list[Json] | None) -> str:
    """The whole queue, then its shares in brackets."""
    if in_use is None:
        return "not known"
    if not in_use:
        return "nothing"
    whole = [_quantity(one) for one in in_use if not one.get("share")]
    shares = [f"{one['share']} {_quantity(one)}" for one in in_use if one.get("share")]
    return ", ".join(whole) + (f" ({', '.join(shares)})" if shares else "")


def _quantity(one: Json) -> str:
    return f"{one['quantity']:g} {_UNITS.get(one['unit'], one['unit'])}"


def _cells(job: Json, now: datetime) -> list[str]:
    return [
        str(job["position"]),
        _job(job),
        str(job.get("profile") or ""),
        _since(job.get("created_at"), now),
        _since(job["since"], now),
        str(job.get("blocked_reason") or "").partition(" ")[0],
    ]


def _job(job: Json) -> str:
    """An array's child as AWS Batch names it: `JOB:INDEX`."""
    batch_job_id = str(job.get("batch_job_id") or "a job of others")
    child = "".join(batch_job_id.partition(":")[1:])
    return f"{job['job_id']}{child}" if job.get("job_id") else batch_job_id


def _since(moment: str | None, now: datetime) -> str:
    if not moment:
        return ""
    return duration.in_words(max(0.0, (now - datetime.fromisoformat(moment)).total_seconds()))
