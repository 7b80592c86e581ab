"""The three stacks of one environment and what they hand to one another."""

import os

import aws_cdk as cdk

from infra.config.model import Config
from infra.stacks.compute import ComputeStack
from infra.stacks.jobs import JobsStack
from infra.stacks.storage import StorageStack


def compose(app: cdk.App, config: Config) -> tuple[StorageStack, ComputeStack, JobsStack]:
    """PulseStorage, PulseCompute and PulseJobs (with the configured prefix) in `app`."""
    env = cdk.Environment(account=config.account, region=config.region)
    prefix = config.names.stack_prefix
    storage = StorageStack(app, f"{prefix}Storage", config=config, env=env)
    compute = ComputeStack(app, f"{prefix}Compute", config=config, env=env, storage=storage)
    jobs = JobsStack(app, f"{prefix}Jobs", config=config, env=env, storage=storage, compute=compute)
    _warn_of_other_prices(jobs, config)
    for stack in (storage, compute, jobs):
        for key, value in config.tags.items():
            cdk.Tags.of(stack).add(key, value)
    return storage, compute, jobs


def _warn_of_other_prices(stack: cdk.Stack, config: Config) -> None:
    """The CDK's command line names the region of the credentials where the configuration names none."""
    region = config.region or os.environ.get("CDK_DEFAULT_REGION", "")
    if warning := config.prices.of_another_region(region):
        cdk.Annotations.of(stack).add_warning_v2(
            "Pulse:PricesOfAnotherRegion", f"Quotes and costs: {warning}"
        )
