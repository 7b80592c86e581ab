"""Where jobs run: network, compute environments, queues and the definition of the training job."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

from infra.config.model import Config
from infra.constructs.compute_environments import ComputeEnvironments
from infra.constructs.described_training import DescribedTraining
from infra.constructs.job_queues import JobQueues
from infra.constructs.network import Network
from infra.constructs.read_once import ReadOnce
from infra.constructs.training_job import EXCLUDE, TrainingJob, image_platform
from infra.stacks.storage import StorageStack
from pulse.domain.request.batch_limits import Platform

SIDECAR = Path(__file__).resolve().parent.parent.parent / "sidecar"
"""The container that moves the data of a training that works on a folder."""


class ComputeStack(cdk.Stack):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Config,
        env: cdk.Environment,
        storage: StorageStack,
    ) -> None:
        super().__init__(scope, id_, env=env, description="Pulse: AWS Batch and the training job")
        read = ReadOnce(self, "Read")
        network = Network(self, "Network", config=config)
        self.environments = ComputeEnvironments(
            self,
            "Environments",
            environments=config.compute_environments,
            network=network,
            longest_seconds={name: config.longest_seconds_in(name) for name in config.compute_environments},
        ).by_name
        self.queues = JobQueues(self, "Queues", queues=config.queues, environments=self.environments).by_name
        around: dict[str, Any] = {
            "config": config,
            "data_bucket": read.bucket("Data", storage.data_bucket, config.buckets.data),
            "results_bucket": read.bucket("Results", storage.results_bucket, config.buckets.results),
            "assign_public_ip": network.public,
        }
        self.training = TrainingJob(self, "Training", **around)
        self.described = self._described(config, around) if config.trainings else {}

    def _described(self, config: Config, around: dict[str, Any]) -> dict[str, DescribedTraining]:
        """The trainings that others bring, by name."""
        holder = Construct(self, "Trainings")
        image = ecr_assets.DockerImageAsset(
            holder,
            "DataImage",
            directory=str(SIDECAR),
            platform=image_platform(config),
            exclude=EXCLUDE,
            ignore_mode=cdk.IgnoreMode.DOCKER,
        )
        return {
            name: DescribedTraining(
                holder,
                name,
                training=training,
                log_group=self.training.log_group,
                data_image=image,
                **around,
            )
            for name, training in config.trainings.items()
        }

    @property
    def definitions(self) -> dict[Platform, batch.EcsJobDefinition]:
        """The training's job definition for each platform in use."""
        return self.training.definitions

    @property
    def definition_names(self) -> list[str]:
        """The names of all trainings' definitions."""
        described = [name for one in self.described.values() for name in one.definition_names]
        return [*self.training.definition_names, *described]

    @property
    def availability_zones(self) -> list[str]:
        """The region's own first zones: asking AWS for their names would make synth need an account."""
        return [cdk.Fn.select(i, cdk.Fn.get_azs()) for i in range(6)]
