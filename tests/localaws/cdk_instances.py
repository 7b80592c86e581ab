"""The resources of a stack with queues on EC2 instances, as the CDK synthesizes them."""

from typing import Any

Resources = dict[str, Any]


def resources() -> Resources:
    """Queues `spot` and `on-demand`, each on a `ManagedEc2EcsComputeEnvironment` in the region's zone b."""
    return {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "AvailabilityZone": {"Fn::Select": [1, {"Fn::GetAZs": ""}]},
                "CidrBlock": "10.0.0.0/18",
                "MapPublicIpOnLaunch": True,
                "VpcId": {"Ref": "Vpc"},
            },
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "Jobs", "VpcId": {"Ref": "Vpc"}},
        },
        "Template": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {
                "LaunchTemplateData": {
                    "BlockDeviceMappings": [
                        {
                            "DeviceName": "/dev/xvda",
                            "Ebs": {"Encrypted": True, "VolumeSize": 100, "VolumeType": "gp3"},
                        }
                    ],
                    "MetadataOptions": {"HttpPutResponseHopLimit": 1, "HttpTokens": "required"},
                    "TagSpecifications": [
                        {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "Compute/Template"}]}
                    ],
                },
                "TagSpecifications": [
                    {"ResourceType": "launch-template", "Tags": [{"Key": "Name", "Value": "Template"}]}
                ],
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Statement": [
                        {
                            "Action": "sts:AssumeRole",
                            "Effect": "Allow",
                            "Principal": {"Service": "ec2.amazonaws.com"},
                        }
                    ],
                    "Version": "2012-10-17",
                },
                "ManagedPolicyArns": [
                    {
                        "Fn::Join": [
                            "",
                            [
                                "arn:",
                                {"Ref": "AWS::Partition"},
                                ":iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
                            ],
                        ]
                    }
                ],
            },
        },
        "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}},
        **_environment_and_queue("Spot", "SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED", "spot"),
        **_environment_and_queue("OnDemand", "EC2", "BEST_FIT_PROGRESSIVE", "on-demand"),
    }


def _environment_and_queue(name: str, kind: str, strategy: str, queue: str) -> Resources:
    arn = {"Fn::GetAtt": [name, "ComputeEnvironmentArn"]}
    return {
        name: {
            "Type": "AWS::Batch::ComputeEnvironment",
            "Properties": {
                "ComputeResources": {
                    "AllocationStrategy": strategy,
                    "Ec2Configuration": [{"ImageType": "ECS_AL2023"}],
                    "InstanceRole": {"Fn::GetAtt": ["Profile", "Arn"]},
                    "InstanceTypes": ["m5", "g5.xlarge"],
                    "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}},
                    "MaxvCpus": 32,
                    "MinvCpus": 0,
                    "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}],
                    "Subnets": [{"Ref": "Subnet"}],
                    "Type": kind,
                },
                "ReplaceComputeEnvironment": False,
                "State": "ENABLED",
                "Type": "managed",
                "UpdatePolicy": {"JobExecutionTimeoutMinutes": 360, "TerminateJobsOnUpdate": False},
            },
        },
        f"{name}Queue": {
            "Type": "AWS::Batch::JobQueue",
            "Properties": {
                "ComputeEnvironmentOrder": [{"ComputeEnvironment": arn, "Order": 1}],
                "JobQueueName": queue,
                "Priority": 1,
            },
        },
    }
