"""Types that CloudFormation refuses here and our networks may declare.

The rules of security groups are real. The others are names only: nothing is routed or recorded on a laptop.
"""

import hashlib
from typing import Any

from localaws.gaps import templates
from localaws.ministack.patching import use

_Made = tuple[str, dict[str, Any]]


def install() -> None:
    for resource_type, prefix in (
        ("AWS::EC2::NatGateway", "nat"),
        ("AWS::EC2::FlowLog", "fl"),
        ("AWS::Logs::QueryDefinition", ""),
    ):
        templates.where_missing(resource_type, **_placeholder(prefix))
    templates.where_missing("AWS::EC2::EIP", create=_eip, update=_keep, delete=_forget)
    for resource_type, permissions, template_key in (
        ("AWS::EC2::SecurityGroupIngress", "IpPermissions", "Ingress"),
        ("AWS::EC2::SecurityGroupEgress", "IpPermissionsEgress", "Egress"),
    ):
        templates.where_missing(resource_type, **_rule(permissions, template_key))


def _placeholder(prefix: str) -> dict[str, Any]:
    def create(logical_id: str, _properties: dict[str, Any], stack: str) -> _Made:
        name = _digits(stack, logical_id)
        physical_id = f"{prefix}-{name}" if prefix else str(_uuid(name))
        return physical_id, _attributes(prefix, physical_id)

    def update(physical_id: str, *_: Any) -> _Made:
        return physical_id, _attributes(prefix, physical_id)

    return {"create": create, "update": update, "delete": _forget}


def _attributes(prefix: str, physical_id: str) -> dict[str, Any]:
    """GetAtt of each type, as CloudFormation's reference lists them."""
    return {
        "nat": {"NatGatewayId": physical_id, "EniId": f"eni-{physical_id[4:]}"},
        "fl": {"Id": physical_id},
        "": {"QueryDefinitionId": physical_id},
    }[prefix]


def _eip(logical_id: str, _properties: dict[str, Any], stack: str) -> _Made:
    digits = _digits(stack, logical_id)
    # 203.0.113.0/24 is for documentation (RFC 5737): an address that belongs to nobody.
    address = f"203.0.113.{int(digits[:4], 16) % 254 + 1}"
    return address, {"AllocationId": f"eipalloc-{digits}", "PublicIp": address}


def _keep(physical_id: str, *_: Any) -> _Made:
    return physical_id, {}


def _forget(*_: Any) -> None:
    return None


def _rule(permissions: str, key: str) -> dict[str, Any]:
    def group(properties: dict[str, Any]) -> list[Any]:
        groups = use("services.ec2._security_groups")
        found = groups.get(properties.get("GroupId"))
        if found is None:
            raise ValueError(f"The security group '{properties.get('GroupId')}' does not exist")
        rules: list[Any] = found.setdefault(permissions, [])
        return rules

    def parsed(properties: dict[str, Any]) -> list[Any]:
        rules: list[Any] = use("services.cloudformation.provisioners._ec2_sg_permissions")([properties])
        return rules

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> _Made:
        group(properties).extend(parsed(properties))
        physical_id = f"sgr-{_digits(stack, logical_id)}"
        return physical_id, {"Id": physical_id, f"SecurityGroup{key}Id": physical_id}

    def delete(_physical_id: str, properties: dict[str, Any]) -> None:
        for rule in parsed(properties):
            try:
                group(properties).remove(rule)
            except ValueError:
                return

    def update(physical_id: str, old: dict[str, Any], new: dict[str, Any], *_: Any) -> _Made:
        delete(physical_id, old)
        group(new).extend(parsed(new))
        return physical_id, {"Id": physical_id}

    return {"create": create, "update": update, "delete": delete}


def _digits(stack: str, logical_id: str) -> str:
    return hashlib.sha256(templates.physical_name(stack, logical_id).encode()).hexdigest()[:17]


def _uuid(digits: str) -> str:
    padded = digits.ljust(32, "0")
    return f"{padded[:8]}-{padded[8:12]}-{padded[12:16]}-{padded[16:20]}-{padded[20:32]}"
