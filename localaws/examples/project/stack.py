"""A queue of AWS Batch and a job that says hello: a CDK stack that knows nothing of localaws.

`python stack.py >template.json` writes what the test deploys.
"""

import json
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_batch as batch
from constructs import Construct


class HelloStack(cdk.Stack):
    def __init__(self, scope: Construct, name: str, **options: Any) -> None:
        super().__init__(scope, name, **options)
        environment = batch.CfnComputeEnvironment(
            self,
            "Environment",
            type="MANAGED",
            compute_resources={
                "type": "EC2",
                "minvCpus": 0,
                "maxvCpus": 4,
                "instanceTypes": ["optimal"],
                "subnets": ["subnet-0a1b2c3d"],
                "securityGroupIds": ["sg-0a1b2c3d"],
                "instanceRole": "ecsInstanceRole",
            },
        )
        queue = batch.CfnJobQueue(
            self,
            "Queue",
            priority=1,
            compute_environment_order=[
                {"order": 1, "computeEnvironment": environment.attr_compute_environment_arn}
            ],
        )
        definition = batch.CfnJobDefinition(
            self,
            "Definition",
            type="container",
            container_properties={"image": "hello", "vcpus": 1, "memory": 512, "command": ["Ada"]},
        )
        cdk.CfnOutput(self, "QueueArn", value=queue.attr_job_queue_arn)
        cdk.CfnOutput(self, "DefinitionArn", value=definition.ref)


def template() -> dict[str, Any]:
    """As `cdk synth` writes it. It needs no bootstrap, because it publishes no assets."""
    app = cdk.App(analytics_reporting=False)
    HelloStack(app, "Hello", synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False))
    return app.synth().get_stack_by_name("Hello").template


if __name__ == "__main__":
    print(json.dumps(template(), indent=2))
