"""The compute environments of AWS Batch: Fargate Spot, Fargate, and instances where they are configured.

They have no names of their own and only constant tags: a change that CloudFormation answers with a
replacement would collide with an explicit name. Their service role is AWS Batch's service-linked one.
"""

from collections.abc import Mapping
from math import ceil

from aws_cdk import Duration
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.config.compute import ComputeEnvironment
from infra.constructs.acknowledge import acknowledge
from infra.constructs.network import Network

LEAST_UPDATE_MINUTES, MOST_UPDATE_MINUTES = 30, 7200
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdatePolicy.html"""

Environment = batch.FargateComputeEnvironment | batch.ManagedEc2EcsComputeEnvironment


class ComputeEnvironments(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environments: Mapping[str, ComputeEnvironment],
        network: Network,
        longest_seconds: Mapping[str, int],
    ) -> None:
        """`longest_seconds`: for which a job may run in each of `environments`."""
        self._longest_seconds = longest_seconds
        super().__init__(scope, id_)
        make = {"FARGATE": self._fargate, "EC2": self._instances}
        self.by_name: dict[str, Environment] = {
            name: make[environment.platform](name, environment, network)
            for name, environment in environments.items()
        }

    def _fargate(self, name: str, environment: ComputeEnvironment, network: Network) -> Environment:
        return batch.FargateComputeEnvironment(
            self,
            name,
            vpc=network.vpc,
            vpc_subnets=network.subnets,
            security_groups=[network.security_group],
            spot=environment.spot,
            maxv_cpus=environment.max_vcpus,
        )

    def _instances(self, name: str, environment: ComputeEnvironment, network: Network) -> Environment:
        template = ec2.LaunchTemplate(
            self,
            f"{name}-template",
            require_imdsv2=True,
            http_put_response_hop_limit=1,  # jobs have roles of their own and no business with the instance's
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(
                        100, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3
                    ),
                )
            ],
        )
        image = (
            batch.EcsMachineImageType.ECS_AL2023_NVIDIA
            if environment.gpu
            else batch.EcsMachineImageType.ECS_AL2023
        )
        made = batch.ManagedEc2EcsComputeEnvironment(
            self,
            name,
            vpc=network.vpc,
            vpc_subnets=network.subnets,
            security_groups=[network.security_group],
            spot=environment.spot,
            minv_cpus=0,
            maxv_cpus=environment.max_vcpus,
            images=[batch.EcsMachineImage(image_type=image)],
            launch_template=template,
            terminate_on_update=False,
            # Jobs go on while instances are exchanged: AWS Batch's own half an hour would kill them.
            update_timeout=self._update_timeout(name),
        )
        resource = made.node.default_child
        assert isinstance(resource, batch.CfnComputeEnvironment)  # noqa: S101 - for the type checker
        # The L2 knows types and families, not AWS Batch's bundles of them.
        resource.add_property_override("ComputeResources.InstanceTypes", [*environment.instance_types])
        # Without a version it stays at the template's first one, whatever is changed in it.
        resource.add_property_override(
            "ComputeResources.LaunchTemplate.Version", template.latest_version_number
        )
        acknowledge(
            made,
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]",
            "The policy that AWS keeps for the ECS agent of AWS Batch's instances.",
        )
        return made

    def _update_timeout(self, name: str) -> Duration:
        minutes = ceil(self._longest_seconds[name] / 60)
        return Duration.minutes(min(MOST_UPDATE_MINUTES, max(LEAST_UPDATE_MINUTES, minutes)))
