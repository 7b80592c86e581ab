"""`pulse demo`: the demo of `pulse local demo` on a deployed Pulse, compared with the local one."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from pulse.cli import output
from pulse.cli.client import answers, calls
from pulse.cli.client.connection import Connection, Deployment
from pulse.cli.client.environment import Environment, read_environment
from pulse.cli.demo import record_file, run, view
from pulse.cli.demo.job import Job
from pulse.cli.demo.record_file import LOCAL, Record
from pulse.cli.demo.removals import Removals
from pulse.cli.demo.run import DemoTarget
from pulse.cli.exit_codes import ExitCode
from pulse.cli.options.groups import with_option_groups
from pulse.domain.alerts.alert import Alert
from pulse.domain.alerts.renderings import email as alert_email
from pulse.domain.alerts.renderings import slack
from pulse.domain.demo.comparison import differences
from pulse.domain.demo.record import DemoRecord
from pulse.domain.validation import InvalidInput, convert

JOBS_SECONDS = 1200.0
"""Fargate takes minutes to find capacity and to pull the image. What has not ended by then is cancelled."""
ALERTS_SECONDS = 120.0


@with_option_groups
def demo(  # noqa: PLR0913 - one parameter an option
    *,
    env: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Prefix, region and account of config/NAME.yaml."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
    record: Record = None,
    against: Annotated[
        Path, typer.Option(metavar="FILE", help="The record to compare with.", dir_okay=False)
    ] = record_file.place_of(LOCAL),
    data: Annotated[
        Path, typer.Option(metavar="FILE", help="The data set to train on.", dir_okay=False, exists=True)
    ] = run.SAMPLE,
    where: Connection,
) -> None:
    """Run two jobs on the deployed Pulse, show all that happens, and compare it with the local demo.

    Asks before it spends anything. All that it makes is removed, also after Ctrl+C; the jobs stay in the
    ledger, and their logs. Exit code 1 when something differs.
    """
    with output.report_errors():
        local = record_file.read(against)
        found = read_environment(env) if env else Environment()
        deployment = Deployment(replace(where, **found.connection))
        target = _target(deployment, data)
        found.check_account(target.alerts_topic)
        _confirm(deployment, yes=yes)
        with _terminated_as_interrupted(), Removals() as removals:
            jobs = run.run(target, removals)
            for job in jobs:
                job.messages = _messages(job)
            view.all_of(jobs)
        file = record_file.write(jobs, env or deployment.stack, record)
        output.messages.print(f"Record of it: {file}", markup=False)
        missing = [sentence for job in jobs for sentence in job.missing]
        for sentence in missing:
            output.warn(sentence)
        if _differs(local, record_file.read(file)) or missing or removals.left:
            raise typer.Exit(ExitCode.FAILED)


def _target(deployment: Deployment, data: Path) -> DemoTarget:
    def client(service: str) -> Any:
        make: Any = deployment.session.client  # boto3's overloads know literal service names only
        return make(service)

    return DemoTarget(
        client=client,
        api=deployment.api,
        data_bucket=deployment.output("DataBucket"),
        results_bucket=deployment.output("ResultsBucket"),
        alerts_topic=deployment.output("AlertsTopic"),
        jobs_seconds=JOBS_SECONDS,
        alerts_seconds=ALERTS_SECONDS,
        data=data,
    )


def _confirm(deployment: Deployment, *, yes: bool) -> None:
    """Names the cost; raises typer.Exit when nobody agrees to it."""
    quoted = answers.content(
        calls.call(deployment.api, "POST", "/jobs", body={}, query={"dry_run": "true"}), as_json=False
    )
    quote = quoted.get("quote") or {}
    likely, high = (
        f"${quote[name]}" if quote.get(name) else "unknown" for name in ("likely_usd", "high_usd")
    )
    output.messages.print(
        f"This runs two jobs on {deployment.stack} in {deployment.session.region_name}. One of the default "
        f"profile costs {likely} likely and {high} at most, were it to run into its timeout; jobs that have "
        f"not ended after {JOBS_SECONDS / 60:.0f} minutes are cancelled. Requests to S3, SQS, SNS and "
        "EventBridge cost less than a cent. The alerts of both jobs go to everybody who is subscribed.",
        markup=False,
    )
    if yes:
        return
    if not sys.stdin.isatty():
        raise output.failed("Nobody is there to agree. For scripts: --yes", ExitCode.USAGE)
    if not typer.confirm("Run it?", err=True):
        raise typer.Exit(ExitCode.FAILED)


def _messages(job: Job) -> dict[str, dict[str, Any]]:
    """The e-mail and the Slack message of its alert, as people get them."""
    if not job.alerts:
        return {}
    try:
        alert = convert(job.alerts[-1].body, Alert, what="the alert")
    except InvalidInput as error:
        output.warn(f"An alert cannot be shown, because another version of Pulse is deployed. {error}")
        return {}
    email = {
        "to": "the subscribers",
        "subject": alert_email.subject(alert),
        "text": alert_email.body(alert),
    }
    return {"email": email, "slack": slack.message(alert)}


def _differs(local: DemoRecord, deployed: DemoRecord) -> bool:
    """Tells the differences."""
    names = (local.of, deployed.of)
    both = f"{names[0]} and {names[1]}"
    found = differences(local, deployed)
    if found:
        output.warn(f"{len(found)} differences between {both}:")
        output.paragraphs([difference.describe(names) for difference in found])
    else:
        output.messages.print(
            f"{both} agree: the same states, effects in the same order, the same fields.", markup=False
        )
    return bool(found)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends the command as Ctrl+C does: with everything removed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
