"""Who gets which message of a topic, and which route of an HTTP API gets a request."""

import json
import urllib.error
import urllib.request
import uuid

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

ARRAY = "String.Array"


@pytest.fixture(scope="module")
def topic(deploy):
    """A topic with filtered subscriptions, all made by CloudFormation."""
    policies = {
        "slack": {"channels": ["slack"]},
        "unless": {"channels": [{"exists": False}, "email"]},
        "bad": {"outcome": [{"anything-but": ["SUCCEEDED"]}]},
    }
    resources = {"T": {"Type": "AWS::SNS::Topic"}}
    for name, policy in policies.items():
        resources[f"Q{name}"] = {"Type": "AWS::SQS::Queue"}
        resources[f"S{name}"] = subscription("sqs", {"Fn::GetAtt": [f"Q{name}", "Arn"]}, policy, raw=True)
        resources[f"E{name}"] = subscription("email", f"{name}@example.com", policy)
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    resources["P"] = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]},
            "Queues": [{"Ref": f"Q{name}"} for name in policies],
        },
    }
    outputs = {"T": {"Ref": "T"}, **{name: {"Ref": f"Q{name}"} for name in policies}}
    return deploy("filters", resources, outputs)


def subscription(protocol, endpoint, policy, *, raw=False):
    properties = {
        "TopicArn": {"Ref": "T"},
        "Protocol": protocol,
        "Endpoint": endpoint,
        "FilterPolicy": policy,
    }
    return {
        "Type": "AWS::SNS::Subscription",
        "Properties": properties | ({"RawMessageDelivery": True} if raw else {}),
    }


@pytest.mark.parametrize(
    ("attributes", "receivers"),
    [
        ({"channels": (ARRAY, '["email", "slack"]'), "outcome": ("String", "FAILED")}, "bad slack unless"),
        ({"channels": (ARRAY, '["slack"]'), "outcome": ("String", "SUCCEEDED")}, "slack"),
        ({"channels": (ARRAY, '["email"]')}, "unless"),
        ({"channels": (ARRAY, "[]"), "outcome": ("String", "FAILED")}, "bad"),
        ({"outcome": ("String", "FAILED")}, "bad unless"),
        ({"outcome": ("String", "SUCCEEDED")}, "unless"),
        ({"outcome": (ARRAY, '["SUCCEEDED", "FAILED"]')}, "bad unless"),
        ({}, ""),  # "exists": false wants at least one other attribute
    ],
)
def test_a_message_reaches_whom_its_attributes_are_for(aws, topic, eventually, attributes, receivers):
    text = uuid.uuid4().hex
    shown = {name: {"DataType": kind, "StringValue": value} for name, (kind, value) in attributes.items()}
    aws.client("sns").publish(TopicArn=topic["T"], Message=text, MessageAttributes=shown)
    expected = set(receivers.split())
    queues = {name for name in ("slack", "unless", "bad") if received(aws, topic[name], text)}
    assert queues == expected
    messages = json.load(urllib.request.urlopen(f"{aws.inbox_url}/messages"))
    assert {one["to"].partition("@")[0] for one in messages if one["text"] == text} == expected


def received(aws, url, text):
    sqs = aws.client("sqs")
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [message for message in found if message["Body"] == text]


ECHO = """
def handler(event, context):
    return {"route": event["routeKey"], "path": event.get("pathParameters"), "raw": event["rawPath"]}
"""


@pytest.fixture(scope="module")
def api(aws, deploy):
    """The address of an HTTP API whose routes all need a signature."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    resources = {
        "R": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}},
        },
        "F": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["R", "Arn"]},
                "Code": {"ZipFile": ECHO},
            },
        },
        "A": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "api", "ProtocolType": "HTTP"}},
        "I": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "A"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Fn::GetAtt": ["F", "Arn"]},
                "PayloadFormatVersion": "2.0",
            },
        },
        "S": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "A"}, "StageName": "$default", "AutoDeploy": True},
        },
        "L": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "F"},
                "Principal": "apigateway.amazonaws.com",
            },
        },
    }
    for place, key in enumerate(["$default", "POST /jobs/{id}/cancel", "GET /jobs/{id}"]):
        resources[f"Route{place}"] = {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": "A"},
                "RouteKey": key,
                "AuthorizationType": "AWS_IAM",
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "I"}]]},
            },
        }
    found = deploy("api", resources, {"A": {"Ref": "A"}})["A"]
    root = aws.session().get_credentials()
    return found, f"{aws.endpoint_url}/_aws/execute-api/{found}/$default", root


def send(address, method, path, credentials=None):
    request = AWSRequest(method, address + path, data=b"{}" if method == "POST" else None)
    if credentials:
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
    plain = urllib.request.Request(
        address + path, data=request.data or None, headers=dict(request.headers), method=method
    )
    try:
        with urllib.request.urlopen(plain) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, None


@pytest.mark.parametrize(
    ("method", "path", "route", "parameters"),
    [
        ("POST", "/jobs/abc-1/cancel", "POST /jobs/{id}/cancel", {"id": "abc-1"}),
        ("GET", "/jobs/a%20b", "GET /jobs/{id}", {"id": "a b"}),
        ("GET", "/jobs/abc/cancel", "$default", None),
        ("POST", "/anything/else", "$default", None),
        ("DELETE", "/jobs/abc", "$default", None),
    ],
)
def test_the_route_that_fits_gets_the_request_and_default_gets_the_rest(api, method, path, route, parameters):
    status, answer = send(api[1], method, path, api[2])
    assert (status, answer["route"]) == (200, route)
    if parameters:
        assert answer["path"] == parameters


def test_an_unsigned_request_reaches_no_route(api):
    for method, path in (("POST", "/jobs/abc/cancel"), ("GET", "/anything")):
        assert send(api[1], method, path)[0] == 403


def test_a_role_calls_the_routes_that_it_may_and_no_others(aws, api, as_role):
    may = f"arn:aws:execute-api:us-east-1:000000000000:{api[0]}/$default/POST/jobs/*/cancel"
    client = as_role("s3", {"Action": "execute-api:Invoke", "Resource": may})
    credentials = client._request_signer._credentials
    assert send(api[1], "POST", "/jobs/abc/cancel", credentials)[0] == 200
    assert send(api[1], "GET", "/jobs/abc", credentials)[0] == 403
    assert send(api[1], "POST", "/anything", credentials)[0] == 403
