"""The compute environments of AWS Batch: Fargate Spot, Fargate, and instances where they are configured.

They have no names of their own and only constant tags: a change that CloudFormation answers with a
replacement would collide with an explicit name. Their service role is AWS Batch's service-linked one.
"""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.config_compute import ComputeEnvironment
from infra.constructs.acknowledge import acknowledge
from infra.constructs.network import Network

UPDATE_TIMEOUT = Duration.hours(6)
"""How long jobs may go on when instances are exchanged: AWS Batch's maximum, its default is half an hour."""

Environment = batch.FargateComputeEnvironment | batch.ManagedEc2EcsComputeEnvironment


class ComputeEnvironments(Construct):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environments: Mapping[str, ComputeEnvironment],
        network: Network,
    ) -> None:
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
            instance_types=[ec2.InstanceType(each) for each in environment.instance_types],
            use_optimal_instance_classes=False,
            images=[batch.EcsMachineImage(image_type=image)],
            launch_template=template,
            terminate_on_update=False,
            update_timeout=UPDATE_TIMEOUT,
        )
        acknowledge(
            made,
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]",
            "The policy that AWS keeps for the ECS agent of AWS Batch's instances.",
        )
        return made
