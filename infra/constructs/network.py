"""The network that jobs run in. Nothing listens in it: jobs fetch their image, use S3 and write logs."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.config.model import Config
from infra.constructs.acknowledge import ENCRYPTED_LOGS, accept, acknowledge
from infra.constructs.log_retention import retention

SUBNETS = {
    "public": ec2.SubnetType.PUBLIC,
    "nat": ec2.SubnetType.PRIVATE_WITH_EGRESS,
    "endpoints": ec2.SubnetType.PRIVATE_ISOLATED,
}
MOST_ZONES = 6
_BITS = 4
"""Bits for the number of a subnet in the network: a public and a private one in each zone are twelve."""
_SERVICES = ec2.InterfaceVpcEndpointAwsService
ENDPOINTS = {"EcrApi": _SERVICES.ECR, "EcrDocker": _SERVICES.ECR_DOCKER, "Logs": _SERVICES.CLOUDWATCH_LOGS}
EC2_ENDPOINTS = {
    "Ecs": _SERVICES.ECS,
    "EcsAgent": _SERVICES.ECS_AGENT,
    "EcsTelemetry": _SERVICES.ECS_TELEMETRY,
}


class Network(Construct):
    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_)
        mode = config.network.mode
        self.public = mode == "public"
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(config.network.cidr),
            max_azs=config.network.availability_zones,
            reserved_azs=MOST_ZONES - config.network.availability_zones,
            nat_gateways=1 if mode == "nat" else 0,
            restrict_default_security_group=False,
            subnet_configuration=_subnets(config),
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
            },
        )
        self.subnets = ec2.SubnetSelection(subnet_type=SUBNETS[mode])
        self.security_group = ec2.SecurityGroup(
            self, "Jobs", vpc=self.vpc, allow_all_outbound=False, description="Jobs: HTTPS out, nothing in"
        )
        self.security_group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS services")
        if mode == "endpoints":
            jobs = ec2.Peer.security_group_id(self.security_group.security_group_id)
            for name, service in {**ENDPOINTS, **(EC2_ENDPOINTS if config.has_ec2 else {})}.items():
                endpoint = self.vpc.add_interface_endpoint(name, service=service, open=False)
                endpoint.connections.allow_default_port_from(jobs, "Jobs")
        self._flow_logs(config)

    def _flow_logs(self, config: Config) -> None:
        if not config.network.flow_logs:
            reason = "Nothing listens in this network; flow logs are billed by volume and one setting away."
            acknowledge(self.vpc, "VPC7", reason)
            return
        group = logs.LogGroup(
            self,
            "FlowLogs",
            retention=retention(config.container.log_retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        accept(group, ENCRYPTED_LOGS)
        self.vpc.add_flow_log("Flows", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group))


def _subnets(config: Config) -> list[ec2.SubnetConfiguration]:
    """Each has a range of its own in every mode and for any number of zones: CloudFormation makes a new
    subnet before it deletes an old one, and ranges that overlap are refused.

    Fargate asks for its public address job by job; an EC2 instance gets one from its subnet.
    """
    mode = config.network.mode
    cidr_mask = int(config.network.cidr.rpartition("/")[2]) + _BITS
    public = ec2.SubnetConfiguration(
        name="Public",
        subnet_type=ec2.SubnetType.PUBLIC,
        map_public_ip_on_launch=config.has_ec2 and mode == "public",
        cidr_mask=cidr_mask,
        reserved=mode == "endpoints",
    )
    private = ec2.SubnetConfiguration(
        name="Private",
        subnet_type=SUBNETS["nat" if mode == "public" else mode],
        cidr_mask=cidr_mask,
        reserved=mode == "public",
    )
    return [public, private]
