"""What no template may fail: cdk-nag's AwsSolutions, cfn-lint, and the size of the functions' code."""

import io
import json
import zipfile
from pathlib import Path

import pytest

# Whoever collects tests imports this file, and mostly runs none of them.
# ruff: noqa: PLC0415

ENVIRONMENTS = ("local", "prod.example", "everything", "isolated")
pytestmark = pytest.mark.gate
IGNORED = ["W3005"]  # the CDK has a function wait for its role's policy and, redundantly, for the role


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cdk_nag_finds_nothing_that_is_not_accepted_with_a_reason(synthesize, environment):
    findings = synthesize(environment).findings
    assert [finding for finding in findings if finding.startswith("AwsSolutions")] == []


@pytest.mark.parametrize("environment", ["local", "prod.example"])
def test_what_is_accepted_is_this_and_no_more(synthesize, environment):
    report = json.loads((synthesize(environment).folder / "validation-report.json").read_text())
    accepted = {
        (violation["ruleName"].partition("[")[0], violation["acknowledgedAt"])
        for plugin in report["pluginReports"]
        for violation in plugin["suppressedViolations"]
    }
    assert accepted == {
        ("AwsSolutions-S1", "PulseStorage/Data/Bucket"),
        ("AwsSolutions-S1", "PulseStorage/Results/Bucket"),
        ("AwsSolutions-VPC7", "PulseCompute/Network/Vpc"),
        ("AwsSolutions-IAM4", "PulseCompute/Environments/instances"),
        ("AwsSolutions-IAM5", "PulseCompute/Training/JobRole"),
        ("AwsSolutions-IAM5", "PulseCompute/Training/ExecutionRole"),
        ("AwsSolutions-IAM5", "PulseJobs/SubmitJob/UseCase/Role"),
        ("AwsSolutions-IAM5", "PulseJobs/CancelJob/UseCase/Role"),
        ("AwsSolutions-IAM5", "PulseJobs/GetJob/UseCase/Role"),
        ("AwsSolutions-IAM5", "PulseJobs/OnJobEvent/UseCase/Role"),
        ("AwsSolutions-IAM5", "PulseJobs/ReconcileJobs/UseCase/Role"),
        ("AwsSolutions-L1", "PulseJobs/SubmitJob/UseCase/Function"),
        ("AwsSolutions-L1", "PulseJobs/CancelJob/UseCase/Function"),
        ("AwsSolutions-L1", "PulseJobs/GetJob/UseCase/Function"),
        ("AwsSolutions-L1", "PulseJobs/OnJobEvent/UseCase/Function"),
        ("AwsSolutions-L1", "PulseJobs/ReconcileJobs/UseCase/Function"),
        ("AwsSolutions-L1", "PulseJobs/SendAlert/UseCase/Function"),
    }


def test_cdk_nag_is_watching(tmp_path):
    """The gate fails for what it should: `Aspects.add`, the old way to apply it, would pass anything."""
    import aws_cdk as cdk
    from aws_cdk import aws_s3 as s3
    from cdk_nag import AwsSolutionsChecks

    app = cdk.App(outdir=str(tmp_path), analytics_reporting=False)
    s3.Bucket(cdk.Stack(app, "Careless"), "Open")
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    assert "AwsSolutions-S10" in (tmp_path / "validation-report.json").read_text()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cfn_lint_finds_nothing(synthesize, environment):
    from cfnlint.api import lint_file
    from cfnlint.config import ManualArgs

    folder = synthesize(environment).folder
    found = [
        f"{template.name}: {match}"
        for template in sorted(folder.glob("*.template.json"))
        for match in lint_file(template, config=ManualArgs(ignore_checks=IGNORED, regions=["us-east-1"]))
    ]
    assert found == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_functions_code_is_small_and_leaves_out_what_the_runtime_has(synthesize, environment):
    folder = functions_code(synthesize(environment).folder)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in sorted(folder.rglob("*")):
            zipped.write(file, file.relative_to(folder))
    assert archive.tell() < 3 * 1024 * 1024
    assert {p.name for p in folder.iterdir()} & {
        "boto3",
        "botocore",
        "s3transfer",
        "infra",
        "training",
    } == set()
    assert {p.name for p in (folder / "pulse").iterdir()} - {"__pycache__"} == {
        "__init__.py",
        "api",
        "aws",
        "domain",
        "services",
        "settings.py",
    }


def functions_code(assembly: Path) -> Path:
    """The folder that the functions' archive is made of."""
    files = json.loads((assembly / "PulseJobs.assets.json").read_text())["files"].values()
    [source] = [file["source"] for file in files if file["source"]["packaging"] == "zip"]
    return assembly / source["path"]
