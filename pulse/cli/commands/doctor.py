"""`pulse doctor`: whether an account has what an environment expects, and what to do where it has not."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pulse.aws.client import signed_api, stack_outputs
from pulse.aws.client.account import FARGATE_QUOTAS, Account
from pulse.aws.client.dead_letters import DeadLetters
from pulse.cli import output
from pulse.cli.client.connection import Connection
from pulse.cli.commands.queue import DEAD_LETTERS
from pulse.cli.exit_codes import ExitCode
from pulse.cli.options.groups import with_option_groups
from pulse.cli.options.output import AsJson
from pulse.domain import doctor as checks
from pulse.domain.doctor import Expected, Finding
from pulse.domain.errors import PulseError

CLONE = Path(__file__).resolve().parents[3]
COLUMNS = ("what", "verdict", "found", "next")
TOPICS = {"alerts to": "AlertsTopic", "alarms to": "AlarmsTopic"}

Check = Callable[[], Finding]


@with_option_groups
def doctor(
    env: Annotated[str, typer.Option(metavar="NAME", help="An environment of config/.")] = "default",
    *,
    json: AsJson = False,
    where: Connection,
) -> None:
    """Check an account before and after a deployment: credentials, region, bootstrap, quotas, recipients, the
    Slack webhook, queues, dead letters. Exit code 1 when something has to be repaired.
    """
    expected = _expected(env)
    with output.report_errors():
        found = list(Doctor(expected, where, env).findings())
    if json:
        output.as_json(msgspec.to_builtins(found))
    else:
        rows = [[each.what, each.verdict, each.found, each.next_step] for each in found]
        output.table(output.data, COLUMNS, rows)
    if any(each.verdict == "failed" for each in found):
        raise typer.Exit(ExitCode.FAILED)


class Doctor:
    """Asks an account, one thing after the other."""

    def __init__(self, expected: Expected, where: Connection, env: str) -> None:
        self._expected, self._env = expected, env
        self._session = signed_api.session(expected.region or where.aws_region)
        self._account = Account(self._session)

    def findings(self) -> Iterator[Finding]:
        """In the order in which they matter. Raises Misconfigured, Unavailable where there are no
        credentials.
        """
        account, arn = self._account.identity()
        region = str(self._session.region_name)
        yield checks.credentials(self._expected, account, arn)
        yield checks.region(self._expected, region)
        yield _checked("CDK bootstrap", partial(self._bootstrap, account, region))
        for what in FARGATE_QUOTAS:
            yield _checked(what, partial(self._quota, what))
        yield _checked("Lambda concurrency", self._concurrency)
        if self._expected.secret:
            yield _checked("Slack webhook", self._secret)
        outputs = stack_outputs.outputs(self._session, self._expected.jobs_stack)
        if outputs is None:
            text = f"no stack {self._expected.jobs_stack}"
            yield Finding("stacks", "failed", text, f"Deploy this environment: make deploy ENV={self._env}")
            return
        for topic, name in TOPICS.items():
            yield _checked(topic, partial(self._recipients, topic, outputs.get(name, "")))
        for name in self._expected.queues:
            yield _checked(f"queue {name}", partial(self._queue, name))
        for name, holds in DEAD_LETTERS.items():
            if name in outputs:
                yield _checked(holds, partial(self._letters, holds, outputs[name]))

    def _bootstrap(self, account: str, region: str) -> Finding:
        return checks.bootstrap(self._account.bootstrap_version(), account, region)

    def _quota(self, what: str) -> Finding:
        quota = self._account.quota("fargate", FARGATE_QUOTAS[what])
        return checks.fargate_quota(self._expected, quota, what=what)

    def _concurrency(self) -> Finding:
        return checks.concurrency(self._expected, self._account.concurrency())

    def _secret(self) -> Finding:
        return checks.secret(self._expected, is_there=self._account.has_secret(self._expected.secret))

    def _recipients(self, topic: str, arn: str) -> Finding:
        return checks.recipients(self._expected, self._account.confirmed(arn), topic=topic)

    def _queue(self, name: str) -> Finding:
        return checks.queue(name, self._account.queues([name]).get(name))

    def _letters(self, holds: str, arn: str) -> Finding:
        return checks.dead_letters(holds, DeadLetters(self._session, arn).waiting())


def _checked(what: str, check: Check) -> Finding:
    """What AWS does not answer is not known: one denied action hides nothing else."""
    try:
        return check()
    except PulseError as error:
        return Finding(what, "not known", str(error), "Allow it to these credentials, or look it up.")


def _expected(env: str) -> Expected:
    command = [sys.executable, "-m", "infra.expected", env]
    done = subprocess.run(command, cwd=CLONE, capture_output=True, check=False)
    if done.returncode:
        raise output.failed(done.stderr.decode(errors="replace").strip(), ExitCode.USAGE)
    return msgspec.json.decode(done.stdout, type=Expected)
