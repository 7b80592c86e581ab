"""Bucket properties of a template that MiniStack drops: lifecycle, encryption, tags, ownership, access logs.

They are stored through the S3 operations that a client would call, in the XML that botocore would send.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import botocore.serialize
import botocore.session

from localaws.gaps import templates
from localaws.ministack.patching import use

_TYPE = "AWS::S3::Bucket"
_s3_model = botocore.session.Session().get_service_model("s3")


class _Property(NamedTuple):
    name: str
    operation: str
    parameter: str
    shape: Callable[[Any], Any]
    put: Any
    delete: Any


def _lifecycle(configuration: dict[str, Any]) -> dict[str, Any]:
    return {"Rules": [_rule(rule) for rule in configuration["Rules"]]}


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule of AWS::S3::Bucket LifecycleConfiguration in the S3 API's words."""
    expiration = {
        api: rule[cfn]
        for cfn, api in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if cfn in rule
    }
    parts = {
        "ID": rule.get("Id"),
        "Status": rule["Status"],
        "Filter": _filter(rule),
        "Expiration": expiration or None,
        "Transitions": [
            {"StorageClass": t["StorageClass"]}
            | {
                api: t[cfn]
                for cfn, api in (("TransitionInDays", "Days"), ("TransitionDate", "Date"))
                if cfn in t
            }
            for t in rule.get("Transitions", [])
        ],
        "NoncurrentVersionTransitions": [
            {"StorageClass": t["StorageClass"], "NoncurrentDays": t["TransitionInDays"]}
            for t in rule.get("NoncurrentVersionTransitions", [])
        ],
        "NoncurrentVersionExpiration": rule.get("NoncurrentVersionExpiration")
        or (
            {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
            if "NoncurrentVersionExpirationInDays" in rule
            else None
        ),
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
    }
    return {name: _whole(part) for name, part in parts.items() if part}


def _filter(rule: dict[str, Any]) -> dict[str, Any]:
    conditions: dict[str, Any] = {
        name: rule[name] for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan") if name in rule
    }
    tags = rule.get("TagFilters") or []
    if len(conditions) + len(tags) > 1:
        return {"And": conditions | ({"Tags": tags} if tags else {})}
    if tags:
        return {"Tag": tags[0]}
    return conditions or {"Prefix": ""}


def _whole(part: Any) -> Any:
    """Numbers of a template may be strings; the S3 API wants integers."""
    if isinstance(part, dict):
        return {name: _whole(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_whole(value) for value in part]
    return int(part) if isinstance(part, str) and part.isdigit() else part


def _encryption(configuration: dict[str, Any]) -> dict[str, Any]:
    return {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
                "BucketKeyEnabled": str(rule.get("BucketKeyEnabled", False)).lower() == "true",
            }
            for rule in configuration["ServerSideEncryptionConfiguration"]
        ]
    }


def _logging(configuration: dict[str, Any]) -> dict[str, Any]:
    if "DestinationBucketName" not in configuration:
        return {}
    return {
        "LoggingEnabled": {
            "TargetBucket": configuration["DestinationBucketName"],
            "TargetPrefix": configuration.get("LogFilePrefix", ""),
        }
    }


def _no_logging(name: str) -> Any:
    return use("services.s3._put_bucket_logging")(name, _xml("PutBucketLogging", "BucketLoggingStatus", {}))


def _properties() -> tuple[_Property, ...]:
    def s3(what: str) -> tuple[Any, Any]:
        return use(f"services.s3._put_bucket_{what}"), use(f"services.s3._delete_bucket_{what}")

    return (
        _Property(
            "LifecycleConfiguration",
            "PutBucketLifecycleConfiguration",
            "LifecycleConfiguration",
            _lifecycle,
            *s3("lifecycle"),
        ),
        _Property(
            "BucketEncryption",
            "PutBucketEncryption",
            "ServerSideEncryptionConfiguration",
            _encryption,
            *s3("encryption"),
        ),
        _Property("Tags", "PutBucketTagging", "Tagging", lambda tags: {"TagSet": tags}, *s3("tagging")),
        _Property(
            "OwnershipControls",
            "PutBucketOwnershipControls",
            "OwnershipControls",
            lambda controls: controls,
            *s3("ownership_controls"),
        ),
        _Property(
            "LoggingConfiguration",
            "PutBucketLogging",
            "BucketLoggingStatus",
            _logging,
            use("services.s3._put_bucket_logging"),
            _no_logging,
        ),
    )


def install() -> None:
    # Stack tags reach every type that this table names.
    use("services.cloudformation.provisioners._STACK_TAG_PROPERTY").setdefault(_TYPE, ("Tags", "list"))
    properties = _properties()

    def apply(bucket: str, new: dict[str, Any], old: dict[str, Any]) -> None:
        for prop in properties:
            if new.get(prop.name):
                body = _xml(prop.operation, prop.parameter, prop.shape(new[prop.name]))
                templates.expect_success(f"{_TYPE} {prop.name}", prop.put(bucket, body))
            elif old.get(prop.name):
                prop.delete(bucket)

    templates.after(_TYPE, apply)


def _xml(operation: str, parameter: str, value: dict[str, Any]) -> bytes:
    serializer = botocore.serialize.create_serializer("rest-xml", include_validation=False)
    request = serializer.serialize_to_request(
        {"Bucket": "bucket", parameter: value}, _s3_model.operation_model(operation)
    )
    body: bytes = request["body"]
    return body
