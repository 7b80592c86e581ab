"""Functions run with nothing but their own code, their own environment and their own role."""

import hashlib
import json
import subprocess
import uuid
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError

from localaws.gaps import worker_drain

SOURCE = """
import json, os, sys
def handler(event, context):
    if "Records" in event:
        print("got", [r["body"] for r in event["Records"]])
        return None
    found = []
    for name in ("localaws", "pulse", "lambdas", "infra"):
        try:
            __import__(name); found.append(name)
        except ImportError:
            pass
    print("visible", found)
    return {"found": found, "path": sys.path, "environment": dict(os.environ)}
"""
LOGS = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}


@pytest.fixture(scope="module")
def function(aws, deploy):
    """A function on a queue, with a role whose policy the tests replace."""
    allowed = [LOGS, {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]
    resources = {
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 1}},
        "G": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/mine"}},
        "R": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                        }
                    ]
                },
                "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": allowed}}],
            },
        },
        "F": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Timeout": 10,
                "Role": {"Fn::GetAtt": ["R", "Arn"]},
                "LoggingConfig": {"LogGroup": {"Ref": "G"}},
                "Code": {"ZipFile": SOURCE},
            },
        },
        "M": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]},
                "FunctionName": {"Ref": "F"},
                "BatchSize": 1,
            },
        },
    }
    return deploy("functions", resources, {name: {"Ref": name} for name in "QGRFM"})


@pytest.fixture
def allow(aws, function):
    """`allow(statement, …)` replaces what the function's role may do."""

    def replace(*statements):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
        aws.client("iam").put_role_policy(
            RoleName=function["R"], PolicyName="p", PolicyDocument=json.dumps(document)
        )

    return replace


@pytest.fixture
def logged(aws):
    """`logged(text)`: the log holds a line with it."""

    def look(text):
        events = aws.client("logs").filter_log_events(logGroupName="/mine")["events"]
        return any(text in event["message"] for event in events)

    return look


def _invoke(aws, function, payload):
    answer = aws.client("lambda").invoke(FunctionName=function["F"], Payload=json.dumps(payload))
    return json.loads(answer["Payload"].read())


def test_a_function_sees_neither_the_project_nor_the_users_environment(aws, function):
    seen = _invoke(aws, function, {})
    assert seen["found"] == []
    assert seen["environment"]["HOME"].startswith(str(aws.root))
    assert seen["environment"]["TMPDIR"].startswith(str(aws.root))
    assert "PYTHONPATH" not in seen["environment"]
    assert "VIRTUAL_ENV" not in seen["environment"]
    assert seen["environment"]["AWS_ENDPOINT_URL"] == aws.endpoint_url


def test_a_functions_keys_do_not_follow_from_its_name(aws, function):
    """As MiniStack's do: anybody who can compute a digest would be the function."""
    seen = _invoke(aws, function, {})["environment"]
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert aws.keys.secret_access_key not in seen.values()
    configuration = aws.client("lambda").get_function_configuration(FunctionName=function["F"])
    names = f"{configuration['FunctionArn']}:{configuration['Role']}".encode()
    digest = hashlib.sha256(names).hexdigest()
    secret, token = (hashlib.sha256(f"{word}:{digest}".encode()).hexdigest() for word in ("secret", "token"))
    for key_id in (f"ASIA{digest[:16].upper()}", seen["AWS_ACCESS_KEY_ID"]):
        guessed = boto3.client(
            "sts",
            endpoint_url=aws.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            guessed.get_caller_identity()


def test_a_silent_call_waits_for_no_log_lines():
    """An empty pipe holds no line that could still come; MiniStack waits 50 ms for one."""
    with subprocess.Popen(["true"], stderr=subprocess.PIPE) as silent:
        worker = SimpleNamespace(_proc=silent)
        waits = worker_drain._drain(lambda _, **waits: waits, worker)
    assert sum(waits.values()) < 0.01


def test_logs_arrive_when_the_role_may_write_them(aws, function, allow, logged, eventually):
    allow(LOGS)
    _invoke(aws, function, {})
    assert eventually(lambda: logged("visible []"), 3)


@pytest.mark.parametrize("missing", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_logs_are_lost_and_the_function_still_runs_when_the_role_may_not(
    aws, function, allow, missing, deploy
):
    marker = uuid.uuid4().hex
    allow({"Action": [action for action in LOGS["Action"] if action != missing], "Resource": "*"})
    aws.client("lambda").update_function_configuration(
        FunctionName=function["F"], Environment={"Variables": {"MARKER": marker}}
    )
    before = aws.client("logs").filter_log_events(logGroupName="/mine")["events"]
    assert _invoke(aws, function, {})["environment"]["MARKER"] == marker
    assert aws.client("logs").filter_log_events(logGroupName="/mine")["events"] == before
    assert f"is not authorized to perform: {missing}" in aws.log.read_text()


def test_a_mapping_delivers_and_deletes_with_the_role(aws, function, allow, logged, eventually):
    allow(LOGS, {"Action": "sqs:*", "Resource": "*"})
    body = uuid.uuid4().hex
    sqs = aws.client("sqs")
    sqs.send_message(QueueUrl=function["Q"], MessageBody=body)
    assert eventually(lambda: logged(body), 5)
    assert eventually(lambda: _in_queue(sqs, function["Q"]) == 0, 5)


@pytest.mark.parametrize("missing", ["ReceiveMessage", "GetQueueAttributes"])
def test_a_mapping_delivers_nothing_when_the_role_may_not_poll(  # noqa: PLR0913, PLR0917 - fixtures
    aws, function, allow, logged, eventually, missing
):
    actions = {"ReceiveMessage", "GetQueueAttributes", "DeleteMessage"} - {missing}
    allow(LOGS, {"Action": [f"sqs:{action}" for action in actions], "Resource": "*"})
    sqs, body = aws.client("sqs"), uuid.uuid4().hex
    sqs.send_message(QueueUrl=function["Q"], MessageBody=body)
    problem = f"execution role does not have permissions to call {missing}"
    mapping = aws.client("lambda").get_event_source_mapping
    assert eventually(lambda: problem in mapping(UUID=function["M"])["LastProcessingResult"], 5)
    assert not logged(body)
    assert _in_queue(sqs, function["Q"]) == 1
    allow(LOGS, {"Action": "sqs:*", "Resource": "*"})
    assert eventually(lambda: logged(body), 5)


def test_a_message_comes_again_when_the_role_may_not_delete_it(aws, function, allow, eventually):
    actions = ["sqs:ReceiveMessage", "sqs:GetQueueAttributes"]
    allow(LOGS, {"Action": actions, "Resource": "*"})
    body = uuid.uuid4().hex
    aws.client("sqs").send_message(QueueUrl=function["Q"], MessageBody=body)

    def deliveries():
        events = aws.client("logs").filter_log_events(logGroupName="/mine")["events"]
        return sum(body in event["message"] for event in events)

    assert eventually(lambda: deliveries() >= 2, 8)
    allow(LOGS, {"Action": "sqs:*", "Resource": "*"})


def _in_queue(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)
