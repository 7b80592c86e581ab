"""Synthesizing templates and reading them: resources by readable name, values as text."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from infra.config.load import load
from infra.config.model import Config

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("PulseStorage", "PulseCompute", "PulseJobs")
FUNCTIONS = ("SubmitJob", "CancelJob", "GetJob", "OnJobEvent", "ReconcileJobs", "SendAlert")
READ = "Read"
"""In the logical id of the parameter that reads an output of another stack, before the output's name."""
_HERE = r"\$Region:\$AccountId"
_ARNS = {
    r"arn:\$Partition:s3:::(\w+Bucket)": r"\1.Arn",
    rf"arn:\$Partition:dynamodb:{_HERE}:table/(LedgerTable)": r"\1.Arn",
    rf"arn:\$Partition:logs:{_HERE}:log-group:(TrainingLogs):\*": r"\1.Arn",
    rf"(arn:\$Partition:batch:{_HERE}:job-queue/pulse-retrodiction-on)-demand-queue": r"\1demand-queue",
    rf"arn:\$Partition:batch:{_HERE}:job-queue/pulse-retrodiction-(\w+)-queue": (
        r"Queuespulseretrodiction\1queue.JobQueueArn"
    ),
}
FIFO, ON_DEMAND, FAIR, INSTANCES = (
    f"Queuespulseretrodiction{name}queue" for name in ("job", "ondemand", "fair", "instance")
)


@dataclass(frozen=True)
class Synthesis:
    """One environment: `templates` by stack with the plain prefix, `findings` of cdk-nag as `rule at
    construct path`.
    """

    folder: Path
    templates: dict[str, dict[str, Any]]
    findings: list[str]

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of all resources of a type, such as `SQS::Queue`, by readable name."""
        return {name: found.get("Properties", {}) for name, found in self.full(kind).items()}

    def full(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources themselves, with DeletionPolicy and the like."""
        return {
            readable(name): resource
            for template in self.templates.values()
            for name, resource in template["Resources"].items()
            if resource["Type"] == f"AWS::{kind}"
        }


def synthesize(name: str, config_folder: Path, out: Path) -> Synthesis:
    """One environment in `out`, by whichever process of a test run comes first, with cdk-nag watching."""
    config = load(name, config_folder)
    done = out / "done"
    with out.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not done.exists():
            _synthesize(config, out)
            done.touch()
    templates = {
        stack: json.loads((out / f"{config.names.stack_prefix}{stack[5:]}.template.json").read_text())
        for stack in STACKS
    }
    return Synthesis(out, templates, list(_findings(out / "validation-report.json")))


def _synthesize(config: Config, out: Path) -> None:
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
    import aws_cdk as cdk  # noqa: PLC0415 - starts Node, which most tests do not need
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415

    from infra.stacks.application import compose  # noqa: PLC0415

    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = cdk.App(outdir=str(out), context=context, analytics_reporting=False)
    compose(app, config)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise


def _findings(report: Path) -> Iterator[str]:
    if not report.exists():
        return
    for plugin in json.loads(report.read_text())["pluginReports"]:
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"]:
                yield f"{violation['ruleName']} at {construct['constructPath']}"


def readable(logical_id: str) -> str:
    """A logical id without the hash that the CDK appends."""
    return re.sub(r"[0-9A-F]{8,16}\Z", "", logical_id)


def _named(arn: str) -> str:
    for pattern, name in _ARNS.items():
        arn = re.sub(pattern, name, arn)
    return arn


def text(value: Any) -> str:
    """A template's value as one line: references by readable name, `$Region` for pseudo parameters. What is
    read from another stack has the name of what it is there, and so has the ARN that is made from it.
    """
    match value:
        case {"Fn::Join": [delimiter, items]}:
            return _named(delimiter.join(text(item) for item in items))
        case {"Fn::GetAtt": [resource, "Value"]} if READ in resource:
            return readable(resource).rpartition(READ)[2]
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"{readable(resource)}.{attribute}"
        case {"Ref": name}:
            return "$" + name.removeprefix("AWS::") if name.startswith("AWS::") else readable(name)
        case {"Fn::Sub": template}:
            return re.sub(r"\$\{AWS::(\w+)\}", r"$\1", template)
        case _:
            return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def rule(statement: dict[str, Any]) -> str:
    """A policy's statement as `action action on resource resource if condition`."""
    actions = " ".join(sorted(_listed(statement["Action"])))
    resources = " ".join(sorted(text(resource) for resource in _listed(statement["Resource"])))
    conditions = "".join(
        f" if {operator} {key} {text(value)}"
        for operator, keys in statement.get("Condition", {}).items()
        for key, value in keys.items()
    )
    return f"{actions} on {resources}{conditions}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
