"""The three stacks of one environment and what they hand to one another."""

import aws_cdk as cdk

from infra.compute_stack import ComputeStack
from infra.config_model import Config
from infra.jobs_stack import JobsStack
from infra.storage_stack import StorageStack


def compose(app: cdk.App, config: Config) -> tuple[StorageStack, ComputeStack, JobsStack]:
    """PulseStorage, PulseCompute and PulseJobs (with the configured prefix) in `app`."""
    env = cdk.Environment(account=config.account, region=config.region)
    prefix = config.names.stack_prefix
    storage = StorageStack(app, f"{prefix}Storage", config=config, env=env)
    compute = ComputeStack(app, f"{prefix}Compute", config=config, env=env, storage=storage)
    jobs = JobsStack(app, f"{prefix}Jobs", config=config, env=env, storage=storage, compute=compute)
    for key, value in config.tags.items():
        cdk.Tags.of(app).add(key, value)
    return storage, compute, jobs
