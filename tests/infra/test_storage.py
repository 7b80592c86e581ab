"""PulseStorage: what must outlive everything is private, encrypted, versioned, recoverable and kept."""

import pytest

from tests.infra.templates import text

BUCKETS = ("DataBucket", "ResultsBucket")


@pytest.fixture(params=BUCKETS)
def bucket(request, local):
    return local.full("S3::Bucket")[request.param]


def test_there_are_two_buckets(local):
    assert set(local.resources("S3::Bucket")) == set(BUCKETS)


def test_a_bucket_is_kept_when_its_stack_goes(bucket):
    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"


def test_a_bucket_is_encrypted_versioned_and_private(bucket):
    properties = bucket["Properties"]
    [rule] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }


def test_a_bucket_tidies_old_versions_and_abandoned_uploads(bucket):
    rule = bucket["Properties"]["LifecycleConfiguration"]["Rules"][0]
    assert rule == {
        "Id": "tidy",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        "ExpiredObjectDeleteMarker": True,
    }


def test_checkpoints_go_when_no_job_can_run_that_made_them(local):
    rules = {
        name: b["LifecycleConfiguration"]["Rules"][1:] for name, b in local.resources("S3::Bucket").items()
    }
    assert rules["DataBucket"] == []
    assert rules["ResultsBucket"] == [
        {
            "Id": "passing",
            "Status": "Enabled",
            "Prefix": "checkpoints/",
            "ExpirationInDays": 14,
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        }
    ]


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_refuses_plain_http_and_old_tls(local, name):
    policy = local.resources("S3::BucketPolicy")[f"{name}Policy"]
    assert text(policy["Bucket"]) == name
    denials = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    assert [s["Condition"] for s in denials] == [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"NumericLessThan": {"s3:TlsVersion": 1.2}},
    ]
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Deny"
        assert statement["Action"] == "s3:*"
        assert statement["Principal"] == {"AWS": "*"}
        assert [text(r) for r in statement["Resource"]] == [f"{name}.Arn", f"{name}.Arn/*"]


def test_only_the_data_bucket_tells_eventbridge_and_without_a_custom_resource(local):
    told = {n: b.get("NotificationConfiguration") for n, b in local.resources("S3::Bucket").items()}
    assert told == {
        "DataBucket": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        "ResultsBucket": None,
    }
    kinds = {r["Type"] for t in local.templates.values() for r in t["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("Custom::") or "CustomResource" in kind]


def test_the_ledger_is_on_demand_recoverable_expiring_encrypted_and_kept(local):
    [table] = local.full("DynamoDB::Table").values()
    properties = table["Properties"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]


def test_the_ledger_is_found_by_what_people_and_sizes_ask_for(local):
    [table] = local.resources("DynamoDB::Table").values()
    indexes = {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in table["GlobalSecondaryIndexes"]
    }
    assert indexes == {f"by_{name}": [name, "created_at"] for name in ("day", "status", "profile", "dataset")}


def test_production_protects_its_ledger_from_deletion(production):
    [table] = production.resources("DynamoDB::Table").values()
    assert table["DeletionProtectionEnabled"] is True


def test_a_bucket_without_a_name_is_named_by_cloudformation(production):
    assert all("BucketName" not in bucket for bucket in production.resources("S3::Bucket").values())


def test_a_bucket_can_be_given_up_with_its_stack(synthesize):
    buckets = synthesize("everything").full("S3::Bucket")
    assert buckets["ResultsBucket"]["DeletionPolicy"] == "Delete"
    assert buckets["DataBucket"]["DeletionPolicy"] == "Retain"


def test_access_is_logged_where_the_configuration_asks_for_it(synthesize, local):
    everything = synthesize("everything")
    buckets = everything.full("S3::Bucket")
    logs = buckets["AccessLogsBucket"]
    assert logs["DeletionPolicy"] == "Retain"
    [rule] = logs["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 30
    for name, prefix in (("DataBucket", "data/"), ("ResultsBucket", "results/")):
        to = buckets[name]["Properties"]["LoggingConfiguration"]
        assert (text(to["DestinationBucketName"]), to["LogFilePrefix"]) == ("AccessLogsBucket", prefix)
        assert "LoggingConfiguration" not in local.full("S3::Bucket")[name]["Properties"]
    statements = everything.resources("S3::BucketPolicy")["AccessLogsBucketPolicy"]["PolicyDocument"][
        "Statement"
    ]
    allowed = [s for s in statements if s["Effect"] == "Allow"]
    assert [(s["Principal"], s["Action"]) for s in allowed] == [
        ({"Service": "logging.s3.amazonaws.com"}, "s3:PutObject")
    ] * 2
    assert all(text(s["Condition"]["StringEquals"]["aws:SourceAccount"]) == "111122223333" for s in allowed)
