"""Which EC2 instance types are large enough for a job."""

import pytest

from localaws.batch.scheduling import instances
from tests.localaws.batch_world import region_with_queue, waiting


@pytest.mark.parametrize(
    ("types", "vcpus", "memory_mib", "gpus", "fits"),
    [
        (["c5.large"], 2, 4000, 0, True),
        (["c5.large"], 4, 4000, 0, False),
        (["c5.large"], 2, 4096, 0, False),
        (["c5.large", "m6i.2xlarge"], 8, 32_000, 0, True),
        (["m5.medium"], 1, 4000, 0, True),
        (["c5.xlarge"], 1, 1000, 1, False),
        (["g5.xlarge"], 1, 1000, 1, True),
        (["p4d.24xlarge"], 96, 1_000_000, 8, True),
        (["optimal"], 64, 400_000, 0, True),
        (["optimal"], 1, 1000, 1, False),
        (["optimal"], 193, 1000, 0, False),
        (["x2idn.32xlarge"], 128, 2_000_000, 0, True),
        (["c5.metal"], 96, 190_000, 0, True),
        ([], 500, 1, 0, False),
    ],
)
def test_an_instance_type_holds_what_its_name_says(types, vcpus, memory_mib, gpus, fits):
    job = waiting(region_with_queue(), "job")
    job.vcpus, job.memory_mib = float(vcpus), memory_mib
    job.task["resourceRequirements"] = [{"type": "GPU", "value": str(gpus)}] if gpus else []
    found = {"computeResources": {"type": "EC2", "instanceTypes": types}}
    assert instances.fits(found, job) is fits
    assert instances.fits({"computeResources": {"type": "FARGATE"}}, job)
