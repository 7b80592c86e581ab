"""`pulse diff`: what two jobs were asked differently, and what each found."""

from typing import Any

from pulse.cli import output
from pulse.cli.client import monitor
from pulse.cli.client.answers import Json
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.job_argument import JobId, OtherJobId
from pulse.cli.options.output import AsJson
from pulse.domain.text import duration
from pulse.domain.text.dollars import usd

_DECIDED = ("dataset_version_id", "profile", "queue", "vcpus", "memory_mib", "gpus", "array_size")
"""What the deployment decided where a request said nothing."""


@with_option_groups
def diff(first: JobId, second: OtherJobId, *, json: AsJson = False, where: Connection) -> None:
    """Compare two jobs: the settings in which they differ, and what each found, took and cost."""
    with output.report_errors():
        api = Deployment(where).api
        jobs = [monitor.get(api, job_id) for job_id in (first, second)]
        ends = [monitor.deciding(api, job) for job in jobs]
    settings = differing(*map(_settings, jobs))
    found = _side_by_side([_found(job, end) for job, end in zip(jobs, ends, strict=True)])
    ids = [str(job.get("job_id", "")) for job in jobs]
    if json:
        output.as_json({"jobs": ids, "settings": settings, "found": found})
        return
    columns = ("", *ids)
    if settings:
        output.table(output.data, columns, _rows(settings), whole=columns)
    else:
        output.data.print("Both jobs have the same request, resources and data.")
    output.table(output.data, columns, _rows(found), whole=columns)


def differing(one: dict[str, Any], other: dict[str, Any]) -> dict[str, list[Any]]:
    """The values of both where they differ; None where one has none."""
    both = {name: [one.get(name), other.get(name)] for name in {**one, **other}}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


def _settings(job: Json) -> dict[str, Any]:
    decided = {name: job[name] for name in _DECIDED if job.get(name)}
    return decided | dict(job.get("request") or {})


def _found(job: Json, end: Json) -> dict[str, Any]:
    numbers = {str(one["name"]): round(float(one["value"]), 4) for one in end.get("headline") or ()}
    cost = usd(job["cost_usd"]) if job.get("cost_usd") else None
    ran = duration.in_words(job.get("ran_seconds")) or None
    return {**numbers, "status": end.get("status"), "ran": ran, "cost": cost}


def _side_by_side(found: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [one.get(name) for one in found] for name in {**found[0], **found[1]}}


def _rows(pairs: dict[str, list[Any]]) -> list[list[str]]:
    return [[name, *(_shown(value) for value in pair)] for name, pair in pairs.items()]


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
