"""A call that makes a job, sent so that the same command run again finds the first submission."""

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.markup import escape

from pulse.aws.client.signed_api import SignedApi
from pulse.cli import output
from pulse.cli.client import answers, calls, follow, job_details, monitor, pending
from pulse.cli.client.calls import NoAnswer
from pulse.cli.exit_codes import ExitCode
from pulse.cli.views import submission

PANEL = "Submission"
FOUND_AGAIN = "Run the same command again: it finds the submission if it was made, and submits no second job."


@dataclass(frozen=True, kw_only=True)
class SubmissionOptions:
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Plan and quote, submit nothing.", rich_help_panel=PANEL)
    ] = False
    monitor: Annotated[
        bool,
        typer.Option(
            "--monitor", help="Wait for the end; exit code 5 when it failed.", rich_help_panel=PANEL
        ),
    ] = False
    poll_interval: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0.1, help="How often --monitor asks.", rich_help_panel=PANEL),
    ] = 30
    job_details_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            writable=True,
            help="Write the ids as JSON.",
            rich_help_panel=PANEL,
        ),
    ] = None
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="A key of your own: while the ledger keeps the job, the same key and request return it.",
            rich_help_panel=PANEL,
        ),
    ] = None
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Submit another job, even if an interrupted run of the same command submitted one.",
            rich_help_panel=PANEL,
        ),
    ] = False

    def check(self) -> None:
        if self.force and self.idempotency_key:
            raise typer.BadParameter("one of them: a key of your own says what is the same job",
                                     param_hint="'--force', '--idempotency-key'")  # fmt: skip


def submit(
    api: SignedApi, path: str, request: dict[str, Any], options: SubmissionOptions, *, as_json: bool
) -> None:
    """Sends `request`, prints the job and, with --monitor, waits for its end. Exits unless all went well."""
    answer = _sent(api, path, request, options)
    job = answers.content(answer, as_json=as_json)
    if not (as_json and options.monitor):
        _show(job, request, as_json=as_json)
    if options.job_details_file:
        job_details.write(options.job_details_file, job)
    if options.monitor:
        _follow(api, job, options, as_json=as_json)


def _sent(api: SignedApi, path: str, request: Any, options: SubmissionOptions) -> httpx.Response:
    api.credentials()  # without them nothing is sent, and nothing shall be kept as pending
    file = None
    key = options.idempotency_key
    if key is None:
        file = pending.file_of(api.url + path, request, pending.folder())
        kept = pending.take(file, datetime.now(UTC), anew=options.force)
        key = kept.key
        if kept.found:
            output.messages.print(
                f"This command began {kept.asked_at:%Y-%m-%d %H:%M:%S}Z and its outcome was not seen: going "
                "on with that submission. --force submits another job."
            )
    try:
        answer = calls.call(api, "POST", path, body=request, headers={"Idempotency-Key": _header(key)})
    except KeyboardInterrupt:
        raise output.failed(f"Interrupted. {FOUND_AGAIN}", ExitCode.INTERRUPTED) from None
    except NoAnswer as error:
        raise output.failed(f"{error} {FOUND_AGAIN}") from None
    if file and answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        pending.settle(file)
    return answer


def _header(key: str) -> str:
    """As the draft has it, a quoted string: https://www.rfc-editor.org/rfc/rfc8941#section-3.3.3"""
    return key if key.startswith('"') else f'"{key}"'


def _show(job: dict[str, Any], request: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.as_json(job)
    else:
        submission.submitted(job, request)


def _follow(api: SignedApi, job: dict[str, Any], options: SubmissionOptions, *, as_json: bool) -> None:
    try:
        with output.messages.status(f"Waiting for {escape(job['job_id'])}"):
            _, ended = follow.until_decided(
                api, job["job_id"], on_change=follow.print_change, pause_seconds=options.poll_interval
            )
    except KeyboardInterrupt:
        raise output.failed(
            f"No longer waiting; the job goes on. See: pulse status {job['job_id']}", ExitCode.INTERRUPTED
        ) from None
    if as_json:
        output.as_json(ended)
    else:
        submission.ended(ended)
    raise typer.Exit(monitor.exit_code(ended))
