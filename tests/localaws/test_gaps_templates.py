"""What a template says must be what the service then says of the resource."""

import pytest
from botocore.exceptions import ClientError

from localaws.gaps import custom_resources


def test_a_bucket_has_the_lifecycle_encryption_tags_ownership_and_logs_of_its_template(aws, deploy):
    resources = {
        "Logs": {"Type": "AWS::S3::Bucket", "Properties": {}},
        "B": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "Tags": [{"Key": "own", "Value": "<&>"}],
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "LoggingConfiguration": {"DestinationBucketName": {"Ref": "Logs"}, "LogFilePrefix": "b/"},
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {
                            "BucketKeyEnabled": True,
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": "k",
                            },
                        }
                    ]
                },
                "LifecycleConfiguration": {
                    "Rules": [
                        {"Id": "tmp", "Status": "Enabled", "Prefix": "tmp/", "ExpirationInDays": "3"},
                        {
                            "Id": "old",
                            "Status": "Disabled",
                            "TagFilters": [{"Key": "a", "Value": "b"}],
                            "ObjectSizeGreaterThan": "10",
                            "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}],
                            "NoncurrentVersionExpiration": {
                                "NoncurrentDays": 9,
                                "NewerNoncurrentVersions": 2,
                            },
                            "NoncurrentVersionTransitions": [
                                {"StorageClass": "GLACIER", "TransitionInDays": 5}
                            ],
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                        },
                    ]
                },
            },
        },
    }
    bucket = deploy("bucket", resources, {"B": {"Ref": "B"}}, [{"Key": "stack", "Value": "tag"}])["B"]
    s3 = aws.client("s3")

    tmp, old = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert tmp == {"ID": "tmp", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}
    assert old["Filter"]["And"].pop("Prefix") == ""  # MiniStack's way to say: none
    assert old == {
        "ID": "old",
        "Status": "Disabled",
        "Filter": {"And": {"ObjectSizeGreaterThan": 10, "Tags": [{"Key": "a", "Value": "b"}]}},
        "Transitions": [{"StorageClass": "GLACIER", "Days": 30}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 2},
        "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "NoncurrentDays": 5}],
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}
    assert rule["BucketKeyEnabled"] is True
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert (tags["own"], tags["stack"]) == ("<&>", "tag")
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetPrefix"] == "b/"

    resources["B"]["Properties"] = {"Tags": [{"Key": "own", "Value": "2"}]}
    assert deploy("bucket", resources, {"B": {"Ref": "B"}})["B"] == bucket
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert {"Key": "own", "Value": "2"} in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def test_an_upload_with_kms_and_no_key_uses_the_managed_key(aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="managed-key")
    answer = s3.put_object(Bucket="managed-key", Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    assert answer["SSEKMSKeyId"] == "arn:aws:kms:us-east-1:000000000000:alias/aws/s3"


@pytest.mark.parametrize("kind", ["Table", "GlobalTable"])
def test_a_table_has_the_ttl_and_recovery_of_its_template(aws, deploy, kind):
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    properties = {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }
    properties |= recovery if kind == "Table" else {"Replicas": [{"Region": "us-east-1", **recovery}]}
    resources = {"T": {"Type": f"AWS::DynamoDB::{kind}", "Properties": properties}}
    table = deploy(kind, resources, {"T": {"Ref": "T"}})["T"]
    dynamodb = aws.client("dynamodb")

    def state() -> tuple[str, str]:
        ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        return ttl["TimeToLiveStatus"], backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]

    assert state() == ("ENABLED", "ENABLED")

    properties["TimeToLiveSpecification"]["Enabled"] = False
    recovery["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] = False
    deploy(kind, resources)
    assert state() == ("DISABLED", "DISABLED")


def test_a_function_has_the_dead_letter_queue_and_concurrency_of_its_template(aws, deploy):
    properties = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": "def handler(e, c): return 1"},
        "DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Q", "Arn"]}},
        "ReservedConcurrentExecutions": 3,
    }
    resources = {
        "Q": {"Type": "AWS::SQS::Queue"},
        "F": {"Type": "AWS::Lambda::Function", "Properties": properties},
    }
    made = deploy("function", resources, {"F": {"Ref": "F"}, "Q": {"Fn::GetAtt": ["Q", "Arn"]}})
    client = aws.client("lambda")
    found = client.get_function_configuration(FunctionName=made["F"])
    assert found["DeadLetterConfig"] == {"TargetArn": made["Q"]}
    assert client.get_function_concurrency(FunctionName=made["F"])["ReservedConcurrentExecutions"] == 3

    del properties["ReservedConcurrentExecutions"]
    deploy("function", resources)
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName=made["F"])


def test_network_types_that_stand_for_nothing_here_have_their_names(aws, deploy):
    resources = {
        "Eip": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
        "Nat": {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {"SubnetId": "subnet-1", "AllocationId": {"Fn::GetAtt": ["Eip", "AllocationId"]}},
        },
        "Flow": {"Type": "AWS::EC2::FlowLog", "Properties": {"ResourceId": "vpc-1", "ResourceType": "VPC"}},
        "Query": {
            "Type": "AWS::Logs::QueryDefinition",
            "Properties": {"Name": "q", "QueryString": "fields x"},
        },
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "g"}},
        "In": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": {"Fn::GetAtt": ["Group", "GroupId"]},
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "SourceSecurityGroupId": {"Fn::GetAtt": ["Group", "GroupId"]},
            },
        },
    }
    outputs = {name: {"Ref": name} for name in resources}
    outputs["Allocation"] = {"Fn::GetAtt": ["Eip", "AllocationId"]}
    outputs["NatId"] = {"Fn::GetAtt": ["Nat", "NatGatewayId"]}
    made = deploy("network", resources, outputs)
    assert made["Eip"].startswith("203.0.113.")
    assert made["Allocation"].startswith("eipalloc-")
    assert made["NatId"] == made["Nat"]
    assert made["Nat"].startswith("nat-")
    assert made["Flow"].startswith("fl-")
    assert len(made["Query"]) == 36

    ec2 = aws.client("ec2")

    def open_ports() -> list[int]:
        (group,) = ec2.describe_security_groups(GroupIds=[made["Group"]])["SecurityGroups"]
        return [rule["FromPort"] for rule in group["IpPermissions"]]

    assert open_ports() == [443]
    resources["In"]["Properties"]["FromPort"] = 80
    deploy("network", resources, outputs)
    assert open_ports() == [80]
    del resources["In"], outputs["In"]
    deploy("network", resources, outputs)
    assert open_ports() == []


def test_an_alarm_with_one_metric_in_metrics_is_that_metrics_alarm(aws, deploy):
    stat = {
        "Metric": {
            "Namespace": "AWS/SQS",
            "MetricName": "Age",
            "Dimensions": [{"Name": "QueueName", "Value": "q"}],
        },
        "Period": 300,
        "Stat": "p99",
    }
    rest = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "EvaluationPeriods": 2}
    one = {"Metrics": [{"Id": "m1", "Label": "Age", "MetricStat": stat}], "AlarmName": "one", **rest}
    ratio = {"Id": "e1", "Expression": "m1 / m2", "Label": "Error rate"}
    several = {
        "Metrics": [ratio, {"Id": "m1", "MetricStat": stat, "ReturnData": False}],
        "AlarmName": "several",
        **rest,
    }
    deploy(
        "alarms",
        {
            name: {"Type": "AWS::CloudWatch::Alarm", "Properties": p}
            for name, p in (("A", one), ("B", several))
        },
    )
    alarms = {
        alarm["AlarmName"]: alarm for alarm in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    }
    assert alarms["one"]["MetricName"] == "Age"
    assert alarms["one"]["Dimensions"] == [{"Name": "QueueName", "Value": "q"}]
    assert (alarms["one"]["Period"], alarms["one"]["ExtendedStatistic"]) == (300, "p99")
    assert alarms["several"]["MetricName"] == "Error rate"


def test_the_ref_of_a_secret_is_its_arn_which_a_grant_matches(aws, deploy, as_role):
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "one", "Name": "s/1"}}
    made = deploy("secret", {"S": secret}, {"S": {"Ref": "S"}})["S"]
    assert made.startswith("arn:aws:secretsmanager:us-east-1:000000000000:secret:s/1-")
    reader = as_role("secretsmanager", {"Action": "secretsmanager:GetSecretValue", "Resource": made})
    assert reader.get_secret_value(SecretId=made)["SecretString"] == "one"

    secret["Properties"]["SecretString"] = "two"
    assert deploy("secret", {"S": secret}, {"S": {"Ref": "S"}})["S"] == made
    assert reader.get_secret_value(SecretId="s/1")["SecretString"] == "two"

    deploy("secret", {"T": {"Type": "AWS::SQS::Queue"}})
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws.client("secretsmanager").describe_secret(SecretId=made)


@pytest.mark.parametrize(
    ("declared", "waited"), [({}, 60), ({"ServiceTimeout": "3600"}, 60), ({"ServiceTimeout": 5}, 5)]
)
def test_a_custom_resource_is_waited_for_at_most_a_minute(declared, waited):
    def original(request_type, logical_id, props, *rest):
        return int(props["ServiceTimeout"])

    assert custom_resources._within_a_minute(original, "Create", "R", declared, "stack") == waited


ANSWERS = """
import json, urllib.request
def put(url, body):
    body = json.dumps({**body, "Status": "SUCCESS"}).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT"))
def handler(event, context):
    put(event["ResourceProperties"]["Signal"], {"UniqueId": "1", "Reason": "r", "Data": "d"})
    same = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    address = event["ResponseURL"].rpartition("/")[0]
    put(event["ResponseURL"], {**same, "PhysicalResourceId": "p", "Data": {"Address": address}})
"""


def test_a_custom_resource_answers_and_signals_where_nobody_is_asked_for_keys(aws, deploy):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = {"AssumeRolePolicyDocument": {"Statement": [trust]}}
    function = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["R", "Arn"]},
        "Code": {"ZipFile": ANSWERS},
    }
    custom = {"ServiceToken": {"Fn::GetAtt": ["F", "Arn"]}, "Signal": {"Ref": "H"}}
    resources = {
        "R": {"Type": "AWS::IAM::Role", "Properties": role},
        "F": {"Type": "AWS::Lambda::Function", "Properties": function},
        "H": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "C": {"Type": "Custom::Answers", "Properties": custom},
        "W": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "DependsOn": "C",
            "Properties": {"Handle": {"Ref": "H"}, "Timeout": "20"},
        },
    }
    outputs = {"Address": {"Fn::GetAtt": ["C", "Address"]}, "Data": {"Fn::GetAtt": ["W", "Data"]}}
    found = deploy("custom", resources, outputs)
    assert found["Address"] == f"{aws.endpoint_url}/_localaws/cfn-response"
    assert '"1": "d"' in found["Data"] or '"1":"d"' in found["Data"]
