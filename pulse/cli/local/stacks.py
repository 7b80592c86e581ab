"""Pulse's stacks in the AWS on this machine: deployed by the real CDK command line, and where they answer."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from localaws import instance as localaws
from localaws.instance import Instance
from localaws.layout import Layout
from localaws.state import private
from pulse.cli import output
from pulse.cli.client.environment import CLONE

CDK = CLONE / "node_modules" / ".bin" / "cdk"
ENVIRONMENT = "local"
SLACK_SECRET = "pulse/slack-webhook"  # noqa: S105 - its name, as in config/local.yaml
OUTPUTS_STACK = "PulseJobs"
STORAGE_STACK = "PulseStorage"

Progress = Callable[[str], None]


class DeployFailed(Exception):
    """`step` is the command that failed, `log` the file with all it printed, `tail` its end."""

    def __init__(self, step: str, log: Path, tail: str) -> None:
        self.step, self.log, self.tail = step, log, tail
        super().__init__(f"{step} failed. All it printed is in {log}; the end of it:\n{tail}")


@dataclass(frozen=True)
class Addresses:
    """What a client of the deployed stacks needs; each field becomes PULSE_<NAME> in `pulse local env`."""

    api_url: str
    data_bucket: str
    results_bucket: str
    job_queue: str
    job_definition: str
    inbox_url: str

    def environment(self) -> dict[str, str]:
        return {f"PULSE_{name.upper()}": value for name, value in vars(self).items()}


def deploy_all(instance: Instance, on_step: Progress) -> Addresses:
    """All that makes Pulse of an instance; a no-op for what is there already. Raises DeployFailed."""
    prepare(instance)
    on_step("cdk bootstrap")
    bootstrap(instance)
    on_step("cdk deploy --all")
    return deploy(instance)


def prepare(instance: Instance) -> None:
    """What a user has before the first deploy: the pinned CDK command line, and the Slack webhook's secret.
    Raises DeployFailed.
    """
    if not CDK.exists():
        _run(instance, "npm ci", ["npm", "ci", "--no-progress"], CLONE)
    secrets = instance.client("secretsmanager")
    url = f"{instance.inbox_url}/slack"
    try:
        secrets.create_secret(Name=SLACK_SECRET, SecretString=url)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=SLACK_SECRET, SecretString=url)


def bootstrap(instance: Instance) -> None:
    """`cdk bootstrap`, from an empty folder: beside cdk.json it synthesizes first. Raises DeployFailed."""
    account = instance.client("sts").get_caller_identity()["Account"]
    region = instance.environment()["AWS_REGION"]
    _cdk(instance, "bootstrap", f"aws://{account}/{region}", folder=Layout(instance.root).bootstrap)


def deploy(instance: Instance, assembly: Path | None = None) -> Addresses:
    """`cdk deploy --all` of the local environment, or of what was synthesized into `assembly`: a no-op for
    what has not changed. Raises DeployFailed.
    """
    what = ("--app", str(assembly)) if assembly else ("-c", f"env={ENVIRONMENT}")
    output_folder = () if assembly else ("--output", str(Layout(instance.root).cdk_out))
    _cdk(instance, *("deploy", "--all", "--require-approval", "never"), *what, *output_folder, folder=CLONE)
    where = addresses(instance)
    if where is None:
        raise DeployFailed("cdk deploy", instance.log, f"It ended well, but {OUTPUTS_STACK} has no outputs.")
    return where


def addresses(instance: Instance, stack_name: str = OUTPUTS_STACK) -> Addresses | None:
    """None as long as the stacks are not deployed."""
    outputs = _outputs(instance, stack_name)
    if not outputs:
        return None
    return Addresses(
        api_url=_on_loopback(instance, outputs["ApiUrl"]),
        data_bucket=outputs["DataBucket"],
        results_bucket=outputs["ResultsBucket"],
        job_queue=outputs["JobQueue"],
        job_definition=outputs["JobDefinition"].rpartition("/")[2].rpartition(":")[0],
        inbox_url=instance.inbox_url,
    )


def alerts_topic(instance: Instance) -> str:
    """The ARN of the topic that alerts are published to, of stacks that are deployed."""
    return _outputs(instance, OUTPUTS_STACK)["AlertsTopic"]


def deployed_here() -> tuple[Instance, Addresses]:
    """The AWS on this machine and Pulse in it. Raises typer.Exit with what to do where there is none."""
    found = localaws.running()
    if found is None:
        raise output.failed("Nothing runs here. Start it: pulse local up --detach")
    where = addresses(found)
    if where is None:
        raise output.failed(f"AWS runs here, but Pulse is not deployed to it yet. Its log: {found.log}")
    return found, where


def _outputs(instance: Instance, stack_name: str) -> dict[str, str]:
    """The outputs of a stack; none until it is deployed."""
    cloudformation = instance.client("cloudformation")
    try:
        stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    except cloudformation.exceptions.ClientError:
        return {}
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _on_loopback(instance: Instance, url: str) -> str:
    """`https://<id>.execute-api.…` as the address at which the AWS on this machine serves the same API."""
    api_id = (urlsplit(url).hostname or "").split(".")[0]
    return f"{instance.endpoint_url}/_aws/execute-api/{api_id}/$default"


def _cdk(instance: Instance, *arguments: str, folder: Path) -> None:
    command = [str(CDK), *arguments, "--no-notices", "--progress", "events", "--ci"]
    # The CDK library keeps fingerprints in $HOME/.cdk, whatever CDK_HOME says.
    _run(instance, f"cdk {arguments[0]}", command, folder, HOME=instance.environment()["CDK_HOME"])


def _run(instance: Instance, step: str, command: list[str], folder: Path, **environment: str) -> None:
    log = instance.log.parent / f"{step.replace(' ', '-')}.log"
    with private.opened(log, "w+") as output:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=_environment(instance) | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        raise DeployFailed(step, log, "\n".join(log.read_text().splitlines()[-25:]))


def _environment(instance: Instance) -> dict[str, str]:
    """The caller's environment without its AWS account, so that nothing reaches a real one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    return kept | {"PATH": path} | instance.environment()
