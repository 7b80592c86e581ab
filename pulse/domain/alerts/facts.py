"""The facts of an alert about a job: its data, how long it took beside earlier runs, what it cost beside its
quote, its names.
"""

from collections import Counter
from datetime import datetime
from decimal import Decimal

from pulse.domain.alerts.about_job import Deployment, results_uri
from pulse.domain.alerts.alert import Fact, facts
from pulse.domain.fault import first
from pulse.domain.job.record import JobRecord
from pulse.domain.job.usual import Usual
from pulse.domain.s3.layout import DATASETS, s3_uri
from pulse.domain.text.dollars import usd
from pulse.domain.text.duration import in_words
from pulse.domain.text.redaction import redacted
from pulse.domain.training.metrics import TrainingMetrics
from pulse.domain.training.parameters import text_of

_END_CHARACTERS = 120
_PARAMETERS_CHARACTERS = 300
_MOST_ATTEMPTS = 10
"""As many as AWS Batch makes."""

Pairs = list[tuple[str, str]]


def job_facts(
    record: JobRecord,
    deployment: Deployment,
    *,
    now: datetime | None = None,
    metrics: TrainingMetrics | None = None,
    more: tuple[tuple[str, str], ...] = (),
) -> tuple[Fact, ...]:
    """What happened to which data on what, and `more`. `now`: how long a job that has not ended has waited or
    run so far.
    """
    return facts(
        [*_data(record, deployment, metrics), *_story(record, now), *more, *_resources(record, metrics)]
    )


def job_names(record: JobRecord) -> tuple[Fact, ...]:
    """What a job is looked up by, and what belongs to it."""
    return facts(
        [
            ("Profile", record.profile),
            ("Queue", record.queue),
            ("Share", record.share_identifier),
            ("Submitted by", "another client" if record.foreign else ""),
            ("Asked by", record.asked_by),
            ("Cancelled by", record.cancelled_by),
            ("Job", record.results_id),
            ("Rerun of", record.rerun_of),
            ("AWS Batch job", record.batch_job_id),
            ("Version", record.dataset_version_id),
            ("Results", results_uri(record) if record.status == "SUCCEEDED" else ""),
        ]
    )


def share(part: Decimal, whole: Decimal) -> str:
    """Percent."""
    return f"{part / whole * 100:.0f} %"


def _data(record: JobRecord, deployment: Deployment, metrics: TrainingMetrics | None) -> Pairs:
    data = s3_uri(deployment.data_bucket, record.dataset or DATASETS)
    variables = ", ".join(first(record.variables)) or "all numeric columns"
    period = metrics.period if metrics else None
    if record.training:
        given = ", ".join(f"{name} {text_of(value)}" for name, value in record.parameters.items())
        return [
            ("Training", record.training),
            ("Data set", data if record.dataset else ""),
            ("Parameters", redacted(given, _PARAMETERS_CHARACTERS)),
        ]
    return [
        ("Data set", "" if record.foreign else data),
        ("Variables", "" if record.foreign and not record.variables else variables),
        ("Period", f"{period.start} to {period.end}" if period and period.start else ""),
    ]


def _story(record: JobRecord, now: datetime | None) -> Pairs:
    waits, runs = _usual(record.usual)
    running = record.status == "RUNNING"
    waiting_since = None if record.is_terminal or running else _waiting_since(record)
    return [
        ("Waited", _beside(record.waited_seconds, waits)),
        ("Waiting for", _beside(_seconds(waiting_since, now), "" if record.started_at else waits)),
        ("Running for", _beside(_seconds(record.started_at if running else None, now), runs)),
        ("Ran", _beside(record.ran_seconds if record.is_terminal else None, runs)),
        ("Attempts", _attempts(record)),
        _cost(record),
    ]


def _resources(record: JobRecord, metrics: TrainingMetrics | None) -> Pairs:
    resources = f"{record.vcpus} vCPU, {record.memory_mib} MiB" if record.vcpus and record.memory_mib else ""
    peak = f", at most {metrics.peak_memory_mib:.0f} MiB used" if metrics and metrics.peak_memory_mib else ""
    return [
        ("Resources", f"{resources}{peak}" if resources else ""),
        ("Children", f"{record.array_size}" if record.array_size else ""),
    ]


def _usual(usual: Usual | None) -> tuple[str, str]:
    """How long earlier runs waited and ran, in words."""
    if usual is None:
        return "", ""
    times = (
        (usual.waited_median_seconds, usual.waited_p95_seconds),
        (usual.ran_median_seconds, usual.ran_p95_seconds),
    )
    waits, runs = (
        f"usually {in_words(median)}, 95 % of {usual.runs} runs within {in_words(p95)}"
        for median, p95 in times
    )
    return waits, runs


def _waiting_since(record: JobRecord) -> datetime:
    """Since the request, or since the last attempt ended."""
    if record.started_at is None:
        return record.created_at
    return max((change.at for change in record.changes), default=record.started_at)


def _seconds(since: datetime | None, now: datetime | None) -> float | None:
    return max(0.0, (now - since).total_seconds()) if since and now else None


def _beside(seconds: float | None, usual: str) -> str:
    ran = in_words(seconds)
    return f"{ran} ({usual})" if ran and usual else ran


def _attempts(record: JobRecord) -> str:
    """How many, where there was more than one, and how they ended."""
    if record.attempts <= 1:
        return ""
    ends = Counter(
        attempt.status_reason or attempt.reason or f"exit code {attempt.exit_code}"
        for attempt in record.tries[:_MOST_ATTEMPTS]
    )
    described = [
        redacted(end, _END_CHARACTERS) + (f" ({times} times)" if times > 1 else "")
        for end, times in ends.items()
    ]
    return f"{record.attempts}: {'; '.join(described)}" if described else f"{record.attempts}"


_ROUNDED_AWAY = Decimal("0.000001")
"""What ran cost something, though less than a microdollar, in which costs are kept."""


def _cost(record: JobRecord) -> tuple[str, str]:
    """What the attempts cost by AWS's prices, against the likely cost that was quoted."""
    cost_usd, quoted_usd = record.cost_usd, record.quoted_usd
    if cost_usd is None:
        return "Quote", usd(quoted_usd) if quoted_usd is not None else ""
    if not cost_usd and record.ran_seconds is None:
        return "Cost", "nothing: it never ran"
    cost = f"{usd(cost_usd or _ROUNDED_AWAY)} estimated"
    if not quoted_usd:
        return "Cost", cost
    return "Cost", f"{cost}, {share(cost_usd, quoted_usd)} of the {usd(quoted_usd)} quoted"
