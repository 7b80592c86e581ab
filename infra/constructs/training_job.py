"""The training job: its image, its roles, its logs and its definition for each platform in use."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.config.model import Config
from infra.constructs.acknowledge import ENCRYPTED_LOGS, accept
from infra.constructs.job_roles import execution_role, job_role
from infra.constructs.log_retention import retention
from pulse.domain.catalogue.retry_policy import RetryRule
from pulse.domain.plan.command import COMMAND
from pulse.domain.request.profile import Profile
from pulse.domain.request.resources import Resources

if TYPE_CHECKING:
    from pulse.domain.request.batch_limits import Platform

FOLDER = Path(__file__).resolve().parent.parent.parent / "training"
SCHEDULING_PRIORITY = 100
"""From 0 to 9999: a fair-share queue refuses a job without one. Within a share the higher goes first, and a
client's schedulingPriorityOverride can go either way.
"""
UNSIZED = Resources(vcpus=1, memory_mib=2048, timeout_seconds=86_400)
"""What a job gets that states nothing of its own, where the default profile says `auto`."""
EXCLUDE = ["**/__pycache__", "**/*.pyc", "**/.*_cache", "requirements.in"]
_ARCHITECTURES = {
    "X86_64": (ecr_assets.Platform.LINUX_AMD64, ecs.CpuArchitecture.X86_64),
    "ARM64": (ecr_assets.Platform.LINUX_ARM64, ecs.CpuArchitecture.ARM64),
}
_ACTIONS = {"RETRY": batch.Action.RETRY, "EXIT": batch.Action.EXIT}


class TrainingJob(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Config,
        data_bucket: s3.IBucket,
        results_bucket: s3.IBucket,
        assign_public_ip: bool,
    ) -> None:
        super().__init__(scope, id_)
        self._config = config
        self._public = assign_public_ip
        # Amazon ECS does not always tell a container on EC2 its region.
        region = {"AWS_REGION": cdk.Stack.of(self).region}
        self._environment = _environment(config, data_bucket, results_bucket) | region
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            retention=retention(config.container.log_retention_days),
            removal_policy=cdk.RemovalPolicy.RETAIN,  # the ledger's records point into it
        )
        accept(self.log_group, ENCRYPTED_LOGS)
        self._job_role = job_role(self, data_bucket, results_bucket)
        self._execution_role = execution_role(self)
        platform, self._cpu_architecture = _ARCHITECTURES[config.container.cpu_architecture]
        self._image = ecr_assets.DockerImageAsset(
            self,
            "Image",
            directory=str(FOLDER),
            platform=platform,
            exclude=EXCLUDE,
            ignore_mode=cdk.IgnoreMode.DOCKER,
        )
        self.definitions: dict[Platform, batch.EcsJobDefinition] = {
            "FARGATE": self._definition("Definition", config.names.job_definition, self._fargate())
        }
        self.definition_names = [config.names.job_definition]
        if config.has_ec2:
            name = config.names.ec2_job_definition
            self.definitions["EC2"] = self._definition("Ec2Definition", name, self._instances())
            self.definition_names.append(name)

    def _definition(
        self, id_: str, name: str, container: batch.IEcsContainerDefinition
    ) -> batch.EcsJobDefinition:
        profile = self._default_profile
        timeout_seconds = (
            UNSIZED.timeout_seconds if profile.timeout_seconds == "auto" else profile.timeout_seconds
        )
        definition = batch.EcsJobDefinition(
            self,
            id_,
            job_definition_name=name,
            container=container,
            timeout=cdk.Duration.seconds(timeout_seconds),
            retry_attempts=profile.attempts,
            retry_strategies=[_strategy(rule) for rule in self._config.retry_policy.rules],
            propagate_tags=True,
            scheduling_priority=SCHEDULING_PRIORITY,
            skip_deregister_on_update=True,  # submitters in flight still hold the revision before this one
        )
        # A path on the host is not for Fargate, not even an empty one: the volume has only its name.
        _resource(definition).add_property_deletion_override("ContainerProperties.Volumes.0.Host")
        return definition

    def contents(self) -> Any:
        """The definitions as JSON can hold them: they change before the ARNs, which change when deployed."""
        resources = [_resource(definition) for definition in self.definitions.values()]
        parts = [
            [r.container_properties, r.retry_strategy, r.timeout, r.scheduling_priority] for r in resources
        ]
        return cdk.Stack.of(self).resolve(parts)

    @property
    def _default_profile(self) -> Profile:
        return self._config.profiles[self._config.request_defaults.profile]

    def _fargate(self) -> batch.EcsFargateContainerDefinition:
        profile, storage = self._default_profile, self._config.container.ephemeral_storage_gib
        vcpus, memory_mib = UNSIZED.vcpus, UNSIZED.memory_mib
        # Only both together are known to be a pair that Fargate has.
        if profile.vcpus != "auto" and profile.memory_mib != "auto":
            vcpus, memory_mib = profile.vcpus, profile.memory_mib
        return batch.EcsFargateContainerDefinition(
            self,
            "Container",
            cpu=vcpus,
            memory=cdk.Size.mebibytes(memory_mib),
            assign_public_ip=self._public,
            ephemeral_storage_size=cdk.Size.gibibytes(storage) if storage else None,
            fargate_cpu_architecture=self._cpu_architecture,
            fargate_operating_system_family=ecs.OperatingSystemFamily.LINUX,
            **self._common,
        )

    def _instances(self) -> batch.EcsEc2ContainerDefinition:
        """Resources are those of the smallest job: every submission states its own."""
        return batch.EcsEc2ContainerDefinition(
            self,
            "Ec2Container",
            cpu=UNSIZED.vcpus,
            memory=cdk.Size.mebibytes(UNSIZED.memory_mib),
            **self._common,
        )

    @property
    def _common(self) -> dict[str, Any]:
        return {
            "image": ecs.ContainerImage.from_docker_image_asset(self._image),
            "command": [*COMMAND],
            "environment": self._environment,
            "job_role": self._job_role,
            "execution_role": self._execution_role,
            "logging": ecs.LogDriver.aws_logs(stream_prefix="training", log_group=self.log_group),
            "readonly_root_filesystem": True,
            # tmpfs is not for Fargate; a volume without a path on the host lives as long as its job.
            "volumes": [batch.EcsVolume.host(name="tmp", container_path="/tmp", readonly=False)],  # noqa: S108
        }


def _environment(config: Config, data: s3.IBucket, results: s3.IBucket) -> dict[str, str]:
    """What a client that overrides nothing gets; a submission of ours states them all."""
    defaults = config.request_defaults
    return {
        "S3_DATA_BUCKET": data.bucket_name,
        "S3_RESULTS_BUCKET": results.bucket_name,
        "LOG_LEVEL": defaults.log_level,
        "USE_DASK": "true" if defaults.use_dask else "false",
        "DASK_THREADS": str(defaults.dask_threads),
    }


def image_platform(config: Config) -> ecr_assets.Platform:
    """What images are built for."""
    return _ARCHITECTURES[config.container.cpu_architecture][0]


def _resource(definition: batch.EcsJobDefinition) -> batch.CfnJobDefinition:
    resource = definition.node.default_child
    assert isinstance(resource, batch.CfnJobDefinition)  # noqa: S101 - for the type checker
    return resource


def _strategy(rule: RetryRule) -> batch.RetryStrategy:
    reason = batch.Reason.custom(
        on_status_reason=rule.on_status_reason, on_reason=rule.on_reason, on_exit_code=rule.on_exit_code
    )
    return batch.RetryStrategy.of(_ACTIONS[rule.action], reason)
