"""`pulse results`: what a run found, and its files."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins

from pulse.cli import output
from pulse.cli.client import results as run_results
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.client.results import Written
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.job_argument import JobId
from pulse.cli.options.output import AsJson
from pulse.cli.views import submission
from pulse.domain.alerts.variables import LEGEND, table, verdicts
from pulse.domain.fault import printable
from pulse.domain.s3.layout import METRICS
from pulse.domain.text.metric import figure
from pulse.domain.training.definition import Metrics
from pulse.domain.training.metrics import MAX_METRICS_BYTES, TrainingMetrics, parse, parse_values

_UNIT = 1024


@with_option_groups
def results(
    job_id: JobId,
    *,
    download: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Copy the files into this new or empty folder.")
    ] = None,
    json: AsJson = False,
    where: Connection,
) -> None:
    """Show what a run found and which files it wrote, or copy them here.

    Reads the results bucket with your own credentials.
    """
    with output.report_errors():
        found = run_results.find(Deployment(where), job_id)
        metrics = _metrics(found)
        left = run_results.download(found, download) if download else []
    if json:
        output.as_json(
            {
                "job_id": found.job["job_id"],
                "headline": found.job.get("headline") or [],
                "metrics": to_builtins(metrics),
                "files": [{"key": file.key, "size_bytes": file.size_bytes} for file in found.files],
            }
        )
    else:
        _show(found, metrics)
    if download:
        count = len(found.files) - len(left)
        output.messages.print(f"Copied {count} files into {printable(str(download))}", markup=False)
    if left:
        output.warn(f"Not copied, because no file here can be called so: {', '.join(left)}")


def _metrics(found: Written) -> TrainingMetrics | None:
    """None when there are none; warns of a file that cannot be read. Raises Misconfigured, Unavailable."""
    name = str(found.job.get("metrics_file") or METRICS)
    file = found.file(name)
    if file is None:
        return None
    body = found.store.read(file.key) if file.size_bytes <= MAX_METRICS_BYTES else b""
    names = tuple(str(one["name"]) for one in found.job.get("headline") or ())
    metrics = (
        parse_values(body, Metrics(headline=names, file=name)) if found.job.get("training") else parse(body)
    )
    if metrics is None:
        output.warn(f"Its {name} cannot be read here: it is too large, or not what a training writes.")
    return metrics


def _show(found: Written, metrics: TrainingMetrics | None) -> None:
    job = found.job
    output.facts(
        submission.title(job, job),
        [
            *submission.read_first(job),
            ("result", submission.result(job)),
            *submission.request_facts(job),
            ("results", str(job.get("results") or "")),
            ("next", f"pulse open {job['job_id']}" if found.report else ""),
        ],
        submission.STYLES["SUCCEEDED"],
    )
    rows = table(metrics, None) if metrics else ()
    if metrics and rows:
        output.paragraphs(verdicts(metrics))
        output.table(output.data, rows[0], rows[1:])
        if metrics.variables:
            output.messages.print(LEGEND, style="dim")
    if metrics and metrics.ranking:
        named = [*metrics.values] or ["trust", "skill"]
        output.table(output.data, ("rank", "options", *named), _ranking(metrics))
    output.table(
        output.data,
        ("file", "size"),
        [[file.key.removeprefix(found.prefix), _size(file.size_bytes)] for file in found.files],
    )


def _ranking(metrics: TrainingMetrics) -> list[list[str]]:
    if metrics.values:
        return [
            [
                str(one.rank or ""),
                ", ".join(f"{name}={value}" for name, value in one.options.items()),
                *(figure(one.values[name]) if name in one.values else "" for name in metrics.values),
            ]
            for one in metrics.ranking
        ]
    return [
        [
            str(one.rank or ""),
            ", ".join(f"{name}={value}" for name, value in one.options.items()),
            "" if one.mean_trust is None else f"{one.mean_trust:.2f}",
            "" if one.mean_skill is None else f"{one.mean_skill:+.2f}",
        ]
        for one in metrics.ranking
    ]


def _size(size_bytes: int) -> str:
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB"):
        if size < _UNIT:
            return f"{size:.0f} {unit}"
        size /= _UNIT
    return f"{size:.1f} GiB"
