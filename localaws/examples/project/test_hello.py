"""The fixture `local_aws` comes with localaws: nothing else is set up."""

import json
from pathlib import Path

from localaws.instance import Instance
from localaws.testing import build_image, deploy, run_job

HERE = Path(__file__).parent


def test_the_job_ends_well(local_aws: Instance) -> None:
    build_image(local_aws, HERE.parent / "hello", "hello")
    stack = deploy(local_aws, "Hello", json.loads((HERE / "template.json").read_text()))
    assert run_job(local_aws, stack["QueueArn"], stack["DefinitionArn"])["status"] == "SUCCEEDED"
