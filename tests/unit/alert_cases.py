"""An alert of every kind, as its cause makes it, from recorded events.

`python -m tests.unit.alert_cases` renders them anew into tests/unit/alerts/, for people to read.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from msgspec import structs

from pulse.domain.alerts.about_job import Deployment
from pulse.domain.alerts.alert import Alert
from pulse.domain.alerts.budget import budget_alert
from pulse.domain.alerts.job_ended import job_alert
from pulse.domain.alerts.job_underway import blocked_alert, overdue_alert, started_alert, submitted_alert
from pulse.domain.alerts.rejected import drop_alert
from pulse.domain.alerts.renderings import email as alert_email
from pulse.domain.alerts.renderings import slack
from pulse.domain.console import Console
from pulse.domain.cost.months import Spent
from pulse.domain.diagnosis.children import Failures
from pulse.domain.diagnosis.next_run import NextRun
from pulse.domain.job import event
from pulse.domain.job.changes import advanced
from pulse.domain.job.child import Child
from pulse.domain.job.event import JobEvent
from pulse.domain.job.record import JobRecord
from pulse.domain.job.usual import Usual
from pulse.domain.request.drop import S3Drop
from pulse.domain.training import warnings
from pulse.domain.training.metrics import Period, TrainingMetrics, VariableMetrics

EVENTS = Path(__file__).parent.parent / "events"
RENDERED = Path(__file__).parent / "alerts"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DEPLOYMENT = Deployment(
    console=Console(region="us-east-1"),
    data_bucket="pulse-data",
    spot_queues=frozenset({"spot-queue"}),
)
LOG = (
    "2026-03-02 09:33:41,402 - recursive_training - INFO - 1,565 rows, 4 columns",
    "2026-03-02 09:33:41,500 - urllib3 - DEBUG - GET https://b.s3.amazonaws.com/k?X-Amz-Signature=0f1e2d 200",
    "2026-03-02 09:33:41,777 - recursive_training - ERROR - No gold_spot in market_daily.csv. Load it.",
)
LARGER = NextRun(because="memory", changes={"vcpus": 2, "memory_mib": 4096}, how="with 2 vCPU and 4096 MiB")
ON_DEMAND = NextRun(
    because="spot",
    changes={"queue": "pulse-on-demand"},
    how="on demand, in the queue pulse-on-demand",
    likely_usd=Decimal("0.04"),
)
DIED_OF_MEMORY = Failures(
    count=3,
    of=24,
    indexes=(4, 7, 19),
    cause="out-of-memory",
    with_cause=2,
    example=Child(
        index=7,
        status="FAILED",
        cause="out-of-memory",
        attempts=1,
        exit_code=137,
        reason="OutOfMemoryError: Container killed due to memory usage",
        log_stream="job/default/0a1b2c3d4e5f",
    ),
)


def happened(name: str) -> JobEvent:
    return event.parse(json.loads((EVENTS / f"batch_{name}.json").read_text())["detail"])


def submitted(
    name: str = "market_daily.csv", variables: tuple[str, ...] = ("spx_close", "wti_spot")
) -> JobRecord:
    return JobRecord(
        job_id="batch-20260302093000-0a1b2c3d",
        status="SUBMITTED",
        created_at=NOW,
        batch_job_id="4c7599ae-0a82-49aa-ba5a-4727fcce14a8",
        queue="pulse-retrodiction-job-queue",
        profile="small",
        dataset=f"datasets/{name}",
        dataset_version_id="3HL4kqtJvjVBH40Nrjfkd",
        variables=variables,
        vcpus="1",
        memory_mib=2048,
        share_identifier="research",
        results_bucket="pulse-results",
        expected_seconds=200.0,
        quoted_usd=Decimal("0.0031"),
        compared_to="batch-20260301093000-9f8e7d6c",
        usual=Usual(
            runs=24,
            ran_median_seconds=171.0,
            ran_p95_seconds=244.0,
            waited_median_seconds=31.0,
            waited_p95_seconds=95.0,
        ),
    )


def metrics(first: str, second: str) -> TrainingMetrics:
    return TrainingMetrics(
        variables={
            second: VariableMetrics(trust=0.58, skill_vs_persistence=-0.021, mase=1.02, coverage=0.9),
            first: VariableMetrics(trust=0.71, skill_vs_persistence=0.12, mase=0.88, coverage=0.94),
        },
        period=Period("2024-01-01", "2025-12-31"),
        windows=390,
        peak_memory_mib=612.4,
        left_out=(f"{second} has no data between 2024-01-01 and 2024-06-30.",),
    )


def warned(found: TrainingMetrics) -> TrainingMetrics:
    """The metrics of a run that read -999 in every variable, and more."""
    told = warnings.parse(
        [
            *(
                f"{name}: -999 stands 24 times far outside of everything else (1.2 to 50.3): if it means "
                "missing, submit again with missing_values: [-999]."
                for name in found.variables
            ),
            "timestamp: 31 % of the rows are not in order.",
            "volume: 12 % of the cells are no number.",
        ]
    )
    return structs.replace(found, warnings=told.sentences, warnings_count=told.total)


def ended(record: JobRecord, name: str) -> JobRecord:
    """The record after a recorded event and with its cost."""
    after = advanced(record, happened(name))
    assert after
    return structs.replace(after, cost_usd=Decimal("0.002714"))


def alerts(
    name: str = "market_daily.csv",
    variables: tuple[str, str] = ("spx_close", "wti_spot"),
    log: tuple[str, ...] = LOG,
) -> dict[str, Alert]:
    """By their kind, and where a kind has several faces by what makes it special."""
    record = submitted(name, variables)
    running = advanced(record, happened("running"))
    waiting = advanced(record, happened("runnable"))
    assert running
    assert running.started_at
    assert waiting
    overdue = structs.replace(running, due_at=running.started_at + timedelta(seconds=366))
    array = structs.replace(record, array_size=24, usual=None, quoted_usd=Decimal("0.42"))
    stuck = happened("queue_blocked_max_resource").status_reason
    before = TrainingMetrics(variables={variables[0]: VariableMetrics(trust=0.67, skill_vs_persistence=0.15)})
    drop = S3Drop(bucket="pulse-data", key=f"requests/{name}", version_id="v1", size=214)
    return {
        "SUBMITTED": submitted_alert(record, DEPLOYMENT),
        "STARTED": started_alert(running, DEPLOYMENT),
        "SUCCEEDED": job_alert(ended(record, "succeeded"), DEPLOYMENT, metrics(*variables), previous=before),
        "SUCCEEDED warnings": job_alert(ended(record, "succeeded"), DEPLOYMENT, warned(metrics(*variables))),
        "FAILED": job_alert(ended(record, "failed_exit_code"), DEPLOYMENT, log=log),
        "FAILED array": job_alert(
            ended(array, "failed_array_parent"),
            DEPLOYMENT,
            failed=DIED_OF_MEMORY,
        ),
        "FAILED array unknown": job_alert(
            ended(array, "failed_array_parent"), DEPLOYMENT, failed=Failures(count=3, of=24)
        ),
        "FAILED spot": job_alert(ended(record, "failed_spot_reclaimed"), DEPLOYMENT),
        "FAILED spot again": job_alert(ended(record, "failed_spot_reclaimed"), DEPLOYMENT, rerun=ON_DEMAND),
        "FAILED memory": job_alert(ended(record, "failed_out_of_memory"), DEPLOYMENT, rerun=LARGER),
        "OVERDUE": overdue_alert(overdue, DEPLOYMENT, now=running.started_at + timedelta(seconds=367)),
        "BLOCKED": blocked_alert(waiting, DEPLOYMENT, reason=stuck, now=NOW + timedelta(minutes=34)),
        "BLOCKED long": blocked_alert(waiting, DEPLOYMENT, reason="", now=NOW + timedelta(minutes=34)),
        "REJECTED": drop_alert(
            drop,
            DEPLOYMENT.console,
            reason=f"{name} is no job request:\n- batch_size_days: allowed is an integer; found 'thirty'",
            next_step="Correct the file and drop it again.",
        ),
        "BUDGET": budget_alert(Spent("2026-03", Decimal("403.20")), Decimal(500), 80, DEPLOYMENT),
        "BUDGET used up": budget_alert(Spent("2026-03", Decimal("503.20")), Decimal(500), 100, DEPLOYMENT),
    }


def rendered(alert: Alert) -> str:
    """The e-mail and the Slack card, as a person gets them."""
    email = f"Subject: {alert_email.subject(alert)}\n\n{alert_email.body(alert)}"
    parts = []
    for block in slack.message(alert)["blocks"]:
        texts = block.get("fields") or block.get("elements") or [block["text"]]
        parts.append("\n".join(text["text"] for text in texts))
    return email + "\n" + "=" * 30 + " Slack " + "=" * 30 + "\n\n" + "\n\n".join(parts) + "\n"


def file_of(name: str) -> Path:
    return RENDERED / f"{name.replace(' ', '_').lower()}.txt"


if __name__ == "__main__":
    for what, alert in alerts().items():
        file_of(what).write_text(rendered(alert), encoding="utf-8")
