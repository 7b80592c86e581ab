"""Jobs of the deployed definition that end at once: their image does nothing, well or not by their id."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.local.deployment import Deployment

TAG = "quick"
DOCKERFILE = """\
FROM scratch
ENTRYPOINT ["/bin/sh", "-c", "case $PULSE_JOB_ID in *[048c]) exit 1;; esac"]
"""


@contextmanager
def quick_jobs(pulse: Deployment, folder: Path) -> Iterator[None]:
    """While inside, submit_job submits to a revision of the definition with that image."""
    (folder / "Dockerfile").write_text(DOCKERFILE)
    environment = pulse.found.environment()
    docker = [environment["CDK_DOCKER"], "build", "--tag", TAG, "."]
    subprocess.run(docker, cwd=folder, env=environment, check=True, capture_output=True)
    arn = _revision(pulse)
    with pulse.told("SubmitJob", PULSE_JOB_DEFINITION=arn):
        yield
    pulse.batch.deregister_job_definition(jobDefinition=arn)


def _revision(pulse: Deployment) -> str:
    found = pulse.batch.describe_job_definitions(
        jobDefinitionName=pulse.where.job_definition, status="ACTIVE"
    )["jobDefinitions"]
    newest: dict[str, Any] = max(found, key=lambda one: one["revision"])
    kept = ("jobDefinitionName", "type", "platformCapabilities", "retryStrategy", "timeout")
    made = pulse.batch.register_job_definition(
        **{name: newest[name] for name in kept if name in newest},
        containerProperties=newest["containerProperties"] | {"image": TAG},
    )
    return str(made["jobDefinitionArn"])
