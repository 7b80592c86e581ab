"""A training that others bring: what its training.yaml says, as a job definition for each platform in use.

It has two containers where the program works on a folder: `main` runs it, `data` moves its data:
docs/decisions/0029-a-second-container-moves-the-data.md.
"""

import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.config.model import Config
from infra.config.trainings import HERE, folder_of
from infra.constructs.job_roles import execution_role, job_role
from infra.constructs.training_job import SCHEDULING_PRIORITY, image_platform
from pulse.domain.plan.described_job import DATA_CONTAINER, MAIN, needs_of_data, needs_of_main
from pulse.domain.plan.shared_folder import FOLDER, FOLDER_VARIABLE
from pulse.domain.request.batch_limits import Platform
from pulse.domain.request.resources import Resources
from pulse.domain.s3.layout import CHECKPOINTS, RESULTS
from pulse.domain.training.definition import Training

ROOT = Path(__file__).resolve().parent.parent.parent
_VOLUME = "pulse"
_STOP_SECONDS = 120
"""The longest that Amazon ECS gives a container between SIGTERM and SIGKILL: for checkpoints."""
_UNSIZED = Resources(vcpus=2, memory_mib=4096, timeout_seconds=60)
"""What a job gets that states nothing of its own: a pair that Fargate has, also when it is shared by two."""
_IN_ECR = re.compile(r"([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.[a-z.]+/(.+)@")
_EXCLUDE = ["**/__pycache__", "**/*.pyc", "**/.*_cache", "**/.venv", "**/.git"]


class DescribedTraining(Construct):
    """`definition_names`: one for every platform in use."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        training: Training,
        config: Config,
        data_bucket: s3.IBucket,
        results_bucket: s3.IBucket,
        log_group: logs.ILogGroup,
        data_image: ecr_assets.DockerImageAsset,
        assign_public_ip: bool,
    ) -> None:
        super().__init__(scope, id_)
        self._training, self._config, self._public = training, config, assign_public_ip
        self._buckets = {"S3_DATA_BUCKET": data_bucket, "S3_RESULTS_BUCKET": results_bucket}
        self._log_group, self._data_image = log_group, data_image
        self._job_role = job_role(self, data_bucket, results_bucket)
        _allow_checkpoints(self._job_role, results_bucket)
        self._execution_role = execution_role(self)
        log_group.grant_write(self._execution_role)
        if training.has_folder:
            data_image.repository.grant_pull(self._execution_role)
        _allow_secrets(self._execution_role, training)
        self._image = self._pulled_image()
        self.definition_names = [config.names.training_definition(training.name, p) for p in config.platforms]
        for platform in config.platforms:
            self._define(platform)

    def _pulled_image(self) -> str:
        """Its URI, once the execution role may pull it."""
        folder = folder_of(self._config, self._training.name, ROOT)
        if self._training.image == HERE and folder:
            asset = ecr_assets.DockerImageAsset(
                self,
                "Image",
                directory=str(folder),
                platform=image_platform(self._config),
                exclude=_EXCLUDE,
                ignore_mode=cdk.IgnoreMode.DOCKER,
            )
            asset.repository.grant_pull(self._execution_role)
            return asset.image_uri
        if arn := _repository_arn(self._training.image, cdk.Stack.of(self)):
            name = self._training.image.partition("/")[2].partition("@")[0]
            named = ecr.Repository.from_repository_attributes(
                self, "Repository", repository_arn=arn, repository_name=name
            )
            named.grant_pull(self._execution_role)
        return self._training.image

    def _define(self, platform: Platform) -> None:
        containers = [self._main(platform)]
        if self._training.has_folder:
            containers.append(self._data(platform))
        fargate = platform == "FARGATE"
        task = batch.CfnJobDefinition.EcsTaskPropertiesProperty(
            containers=containers,
            execution_role_arn=self._execution_role.role_arn,
            task_role_arn=self._job_role.role_arn,
            volumes=[batch.CfnJobDefinition.VolumesProperty(name=name) for name in (_VOLUME, "tmp")],
            network_configuration=batch.CfnJobDefinition.NetworkConfigurationProperty(
                assign_public_ip="ENABLED" if self._public else "DISABLED"
            )
            if fargate
            else None,
            runtime_platform=batch.CfnJobDefinition.RuntimePlatformProperty(
                cpu_architecture=self._config.container.cpu_architecture, operating_system_family="LINUX"
            )
            if fargate
            else None,
            ephemeral_storage=self._ephemeral_storage if fargate else None,
        )
        batch.CfnJobDefinition(
            self,
            f"{platform.title()}Definition",
            type="container",
            job_definition_name=self._config.names.training_definition(self._training.name, platform),
            platform_capabilities=[platform],
            ecs_properties=batch.CfnJobDefinition.EcsPropertiesProperty(task_properties=[task]),
            propagate_tags=True,
            scheduling_priority=SCHEDULING_PRIORITY,
            resource_retention_policy=batch.CfnJobDefinition.ResourceRetentionPolicyProperty(
                skip_deregister_on_update=True  # submitters in flight still hold the revision before this one
            ),
        )

    def _main(self, platform: Platform) -> batch.CfnJobDefinition.TaskContainerPropertiesProperty:
        secrets = [
            batch.CfnJobDefinition.SecretProperty(name=name, value_from=arn)
            for name, arn in self._training.secrets.items()
        ]
        return self._container(
            MAIN,
            image=self._image,
            command=[*self._training.command],
            environment=self._training.environment,
            secrets=secrets or None,
            # What another's image writes outside of its folders is not known.
            readonly_root_filesystem=False,
            needs=needs_of_main(_UNSIZED, self._training, platform),
        )

    def _data(self, platform: Platform) -> batch.CfnJobDefinition.TaskContainerPropertiesProperty:
        return self._container(
            DATA_CONTAINER,
            image=self._data_image.image_uri,
            environment={},
            readonly_root_filesystem=True,
            needs=needs_of_data(platform),
        )

    def _container(
        self, name: str, *, environment: dict[str, str], needs: list[dict[str, str]], **more: Any
    ) -> batch.CfnJobDefinition.TaskContainerPropertiesProperty:
        known = {
            **{variable: bucket.bucket_name for variable, bucket in self._buckets.items()},
            # Amazon ECS does not always tell a container on EC2 its region.
            "AWS_REGION": cdk.Stack.of(self).region,
            FOLDER_VARIABLE: FOLDER,
        }
        mounts = {_VOLUME: FOLDER, "tmp": "/tmp"}  # noqa: S108 - in the container
        return batch.CfnJobDefinition.TaskContainerPropertiesProperty(
            name=name,
            essential=True,
            stop_timeout=_STOP_SECONDS,
            environment=[
                batch.CfnJobDefinition.EnvironmentProperty(name=variable, value=value)
                for variable, value in (environment | known).items()
            ],
            mount_points=[
                batch.CfnJobDefinition.MountPointProperty(source_volume=volume, container_path=path)
                for volume, path in mounts.items()
            ],
            log_configuration=batch.CfnJobDefinition.LogConfigurationProperty(
                log_driver="awslogs",
                options={
                    "awslogs-group": self._log_group.log_group_name,
                    "awslogs-region": cdk.Stack.of(self).region,
                    "awslogs-stream-prefix": self._training.name,
                },
            ),
            resource_requirements=[
                batch.CfnJobDefinition.ResourceRequirementProperty(**need) for need in needs
            ],
            **more,
        )

    @property
    def _ephemeral_storage(self) -> batch.CfnJobDefinition.EphemeralStorageProperty | None:
        size = self._config.container.ephemeral_storage_gib
        return batch.CfnJobDefinition.EphemeralStorageProperty(size_in_gib=size) if size else None


def _allow_checkpoints(role: iam.Role, results: s3.IBucket) -> None:
    """To find those of an earlier attempt, and to remove them at the end; and to see that a child of a sweep
    wrote no metrics, where S3 else answers that it may not tell.
    """
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["s3:ListBucket"],
            resources=[results.bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{CHECKPOINTS}*", f"{RESULTS}*"]}},
        )
    )
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["s3:DeleteObject"],
            resources=[results.arn_for_objects(f"{CHECKPOINTS}*")],
        )
    )


def _allow_secrets(role: iam.Role, training: Training) -> None:
    """AWS Batch injects them when it starts the container."""
    actions = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameters"}
    for arn in training.secrets.values():
        service = arn.split(":")[2]
        role.add_to_policy(iam.PolicyStatement(actions=[actions[service]], resources=[arn]))


def _repository_arn(image: str, stack: cdk.Stack) -> str:
    """The ARN of the Amazon ECR repository of an image; empty for another registry."""
    found = _IN_ECR.match(image)
    if not found:
        return ""
    account, region, name = found.groups()
    return stack.format_arn(
        service="ecr", account=account, region=region, resource="repository", resource_name=name
    )
