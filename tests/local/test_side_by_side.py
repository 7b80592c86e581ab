"""Two environments in one account and region: each runs its own jobs and hears of no other's."""

import json
import shutil

import pytest

from localaws import instance
from pulse.cli.local import stacks as local_stacks
from tests.local.conftest import SCALE
from tests.local.deployment import Deployment, sample

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The local environment twice, the second one under a name of its own, in one `cdk deploy`."""
    folder = tmp_path_factory.mktemp("both")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv(SCALE, "0.01")
        found = instance.up(folder / "aws")
        try:
            local_stacks.prepare(found)
            local_stacks.bootstrap(found)
            local_stacks.deploy(found, synthesized(folder))
            stacks = ("PulseJobs", "PulseOtherJobs")
            yield [Deployment(found, local_stacks.addresses(found, stack)) for stack in stacks]
        finally:
            instance.down(folder / "aws")


def synthesized(folder):
    import aws_cdk as cdk  # noqa: PLC0415 - starts Node, which tests without it need not

    from infra.config.load import FOLDER, load  # noqa: PLC0415
    from infra.stacks.application import compose  # noqa: PLC0415

    shutil.copytree(FOLDER, folder / "config")
    local = (FOLDER / "local.yaml").read_text()
    (folder / "config" / "other.yaml").write_text(
        local.replace("-poc\n", "-other\n") + "\nnames: {environment: other}\n"
    )
    context = json.loads((FOLDER.parent / "cdk.json").read_text())["context"]
    app = cdk.App(outdir=str(folder / "cdk.out"), context=context, analytics_reporting=False)
    for name in ("local", "other"):
        compose(app, load(name, folder / "config"))
    app.synth()
    return folder / "cdk.out"


def test_each_runs_its_job_and_hears_of_no_other_s(both):
    ids = []
    for deployment in both:
        deployment.drop("datasets/side.csv", sample())
        # Of other data, so that neither job is compared to the other and names it.
        deployment.drop("datasets/uploads/side.csv", sample())
        answer = deployment.post(
            {"dataset": "datasets/uploads/side.csv", "variables": ["spx_close"], "profile": "small"}
        )
        assert answer.is_success, answer.text
        ids.append(answer.json()["job_id"])
    for deployment, job_id in zip(both, ids, strict=True):
        job = deployment.ended(job_id)
        assert job["status"] == "SUCCEEDED", job
        assert deployment.result(job_id, "metrics.json")
        for channel in ("email", "slack"):
            deployment.message(job_id, channel)
    queues = {deployment.get(job_id)["queue"] for deployment, job_id in zip(both, ids, strict=True)}
    assert queues == {"pulse-retrodiction-job-queue", "pulse-retrodiction-job-queue-other"}
    for deployment, job_id, other_id in zip(both, ids, reversed(ids), strict=True):
        listed = {job["job_id"] for job in deployment.api.call("GET", "/jobs").json()["jobs"]}
        assert job_id in listed
        assert other_id not in listed
        assert len(deployment.messages(job_id, "email")) == 1
