"""Who gets past the door of an instance, asked over HTTP."""

import base64
import io
import json
import os
import secrets
import stat
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from localaws import instance
from localaws.layout import Layout

UNKNOWN = ("test", "AKIAIOSFODNN7EXAMPLE", "000000000000")
CALLS = {
    "sqs": lambda client: client.list_queues(),
    "sts": lambda client: client.get_caller_identity(),
    "dynamodb": lambda client: client.list_tables(),
    "lambda": lambda client: client.list_functions(),
    "batch": lambda client: client.describe_job_queues(),
    "ec2": lambda client: client.describe_vpcs(),
    "s3": lambda client: client.list_buckets(),
    "iam": lambda client: client.list_users(),
}


SESSION = boto3.Session(region_name="us-east-1")
"""One, because each reads the models of the services anew."""


def client_of(aws, service, key_id, secret, token=None, **options):
    keys = {"aws_access_key_id": key_id, "aws_secret_access_key": secret, "aws_session_token": token}
    return SESSION.client(service, endpoint_url=aws.endpoint_url, **keys, **options)


def refusal_of(aws, service, *keys):
    with pytest.raises(ClientError) as refused:
        CALLS[service](client_of(aws, service, *keys))
    return refused.value.response["Error"]["Code"]


def ask(url, method="GET", body=None, **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, sent, method=method)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


MISMATCH = {
    "sqs": "SignatureDoesNotMatch",
    "sts": "SignatureDoesNotMatch",
    "dynamodb": "InvalidSignatureException",
    "lambda": "InvalidSignatureException",
    "batch": "InvalidSignatureException",
    "ec2": "AuthFailure",
    "s3": "SignatureDoesNotMatch",
    "iam": "SignatureDoesNotMatch",
}
UNKNOWN_KEY = {
    "sqs": "InvalidClientTokenId",
    "sts": "InvalidClientTokenId",
    "dynamodb": "UnrecognizedClientException",
    "lambda": "UnrecognizedClientException",
    "batch": "UnrecognizedClientException",
    "ec2": "AuthFailure",
    "s3": "InvalidAccessKeyId",
    "iam": "InvalidClientTokenId",
}


@pytest.fixture(scope="module")
def identities(aws):
    """Root, a user and a session, each with its key id, secret and token."""
    iam = aws.client("iam")
    iam.create_user(UserName="user")
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="user", PolicyName="all", PolicyDocument=policy)
    user = iam.create_access_key(UserName="user")["AccessKey"]
    session = aws.client("sts").get_session_token()["Credentials"]
    return [
        (aws.keys.access_key_id, aws.keys.secret_access_key, None),
        (user["AccessKeyId"], user["SecretAccessKey"], None),
        (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]),
    ]


@pytest.mark.parametrize("service", CALLS)
def test_a_wrong_secret_is_refused_as_each_service_says_it_whoever_it_is(aws, identities, service):
    for key_id, secret, token in identities:
        CALLS[service](client_of(aws, service, key_id, secret, token))
        assert refusal_of(aws, service, key_id, "guessed", token) == MISMATCH[service]


@pytest.mark.parametrize("service", CALLS)
def test_an_unknown_key_is_refused_as_each_service_says_it(aws, service):
    for key_id in UNKNOWN:
        assert refusal_of(aws, service, key_id, "test") == UNKNOWN_KEY[service]


def test_the_keys_of_two_instances_differ_and_those_of_one_stay(aws, tmp_path):
    other = instance.up(tmp_path / "other")
    try:
        assert other.keys.access_key_id != aws.keys.access_key_id
        assert other.keys.secret_access_key != aws.keys.secret_access_key
        assert other.pages_url.rpartition("/")[2] != aws.pages_url.rpartition("/")[2]
        keys = (aws.keys.access_key_id, aws.keys.secret_access_key)
        assert refusal_of(other, "sqs", *keys) == "InvalidClientTokenId"
        first = other.keys
        instance.down(tmp_path / "other")
        assert instance.up(tmp_path / "other").keys == first
    finally:
        instance.down(tmp_path / "other", erase=True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("PUT", "/a-bucket"),
        ("GET", "/health"),
        ("GET", "/2015-03-31/functions"),
        ("POST", "/2015-03-31/functions"),
        ("GET", "/?Action=ListQueues"),
        ("GET", "/_aws/execute-api"),
        ("GET", "/_aws/execute-api/"),
        ("GET", "/_aws/lambda-url/"),
        ("POST", "/restapis/0000/stage/_user_request_/x"),
        ("GET", "/oauth2/authorize"),
        ("POST", "/WriteGetObjectResponse"),
        ("GET", "/iceberg/v1/config"),
    ],
)
def test_who_signs_nothing_reaches_no_service(aws, method, path):
    status, said = ask(aws.endpoint_url + path, method, b"" if method == "POST" else None)
    assert status in {400, 403}, said
    assert any(word in said for word in ("Missing", "AccessDenied", "Forbidden"))


@pytest.mark.parametrize("path", ["/_aws/execute-api/0/x/y", "/_aws/lambda-url/0/x", "/?Action=Unsubscribe"])
@pytest.mark.parametrize("host", ["bucket.s3.localhost", "0.us-east-1.aoss.localhost", "x.alb.localhost"])
def test_what_is_open_on_the_instance_s_host_is_not_below_another(aws, host, path):
    assert ask(aws.endpoint_url + path, Host=host)[0] in {400, 403}


def test_an_open_path_opens_no_other_service(aws):
    target = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"}
    for path in ("/?Action=Unsubscribe", "/_aws/execute-api", "/_aws/lambda-url"):
        status, said = ask(aws.endpoint_url + path, "GET", **target)
        assert status == 403, said


@pytest.mark.parametrize("signer", [SigV4QueryAuth, S3SigV4QueryAuth])
def test_a_presigned_address_is_good_with_the_right_secret_and_only_then(aws, signer):
    service, path = ("s3", "/?list-type=2") if signer is S3SigV4QueryAuth else ("sqs", "/?Action=ListQueues")
    for secret, expected in ((aws.keys.secret_access_key, 200), ("guessed", 403)):
        request = AWSRequest("GET", aws.endpoint_url + path)
        signer(Credentials(aws.keys.access_key_id, secret), service, "us-east-1").add_auth(request)
        assert ask(request.url)[0] == expected


@pytest.mark.parametrize(
    "config",
    [
        Config(),  # aws-chunked with a checksum behind the body
        Config(s3={"payload_signing_enabled": True}),
        Config(s3={"payload_signing_enabled": False}),
        Config(request_checksum_calculation="when_required"),
    ],
)
def test_a_body_arrives_however_its_client_signs_it(aws, config):
    body = secrets.token_bytes(3 * 1024 * 1024)
    s3 = aws.client("s3", config=config)
    s3.create_bucket(Bucket="bodies")
    s3.upload_fileobj(io.BytesIO(body), "bodies", "a key+with=%25 marks/ü")
    assert s3.get_object(Bucket="bodies", Key="a key+with=%25 marks/ü")["Body"].read() == body
    wrong = client_of(aws, "s3", aws.keys.access_key_id, "guessed", config=config)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        wrong.put_object(Bucket="bodies", Key="other", Body=body)
    assert s3.list_objects_v2(Bucket="bodies")["KeyCount"] == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/health"),
        ("GET", "/_ministack/sqs/messages"),
        ("GET", "/%5Fministack/health"),
        ("PUT", "/_ministack/cfn-response/x"),
        ("POST", "/_ministack/rds/iam-auth"),
        ("GET", "/_ministack"),
    ],
)
def test_ministack_s_own_pages_are_closed_to_everybody(aws, method, path):
    status, said = ask(aws.endpoint_url + path, method, b"{}" if method != "GET" else None)
    assert (status, "is closed" in said) == (403, True)


@pytest.mark.parametrize("page", ["inbox/messages", "inbox/slack", "batch/faults", "calls", "inbox/", "x"])
@pytest.mark.parametrize("token", ["", "guessed/", "%2e%2e/"])
def test_our_pages_are_seen_by_those_who_know_their_address(aws, page, token):
    for method in ("GET", "PUT", "DELETE", "POST"):
        assert ask(f"{aws.endpoint_url}/_localaws/{token}{page}", method, b"{}")[0] == 403
    assert ask(f"{aws.pages_url}/{page}")[0] != 403


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"Host": "evil.example"}, "answers to 127.0.0.1"),
        ({"Origin": "http://evil.example"}, "other origins"),
        ({"Sec_Fetch_Site": "cross-site"}, "another web page"),
    ],
)
def test_a_web_page_is_refused_everywhere_even_with_an_address_that_lets_in(aws, headers, word):
    for url in (f"{aws.inbox_url}/messages", f"{aws.endpoint_url}/_localaws/health", f"{aws.endpoint_url}/"):
        status, said = ask(url, **headers)
        assert (status, word in said) == (403, True)


def test_the_password_of_the_registry_is_not_known_to_everybody(aws):
    login = base64.b64encode(b"AWS:ministack-auth-token").decode()
    assert ask(f"{aws.endpoint_url}/v2/")[0] == 401
    assert ask(f"{aws.endpoint_url}/v2/", Authorization=f"Basic {login}")[0] == 401
    given = aws.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    assert ask(f"{aws.endpoint_url}/v2/", Authorization=f"Basic {given}")[0] == 200


def test_a_web_socket_is_refused_as_a_request_is(aws):
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    key = base64.b64encode(b"0123456789abcdef").decode()
    for extra in ({}, {"Origin": "http://evil.example"}):
        assert ask(f"{aws.endpoint_url}/", Sec_WebSocket_Key=key, **upgrade, **extra)[0] == 403


def test_all_that_an_instance_writes_is_its_owner_s_alone(tmp_path, eventually):
    root, before = tmp_path / "aws", os.umask(0o022)
    try:
        found = instance.up(root)
        found.client("secretsmanager").create_secret(Name="webhook", SecretString="hush")
        found.client("s3").create_bucket(Bucket="bucket")
        found.client("s3").put_object(Bucket="bucket", Key="folder/key", Body=b"x")
        ask(f"{found.inbox_url}/slack", "POST", b'{"text": "hush"}', Content_Type="application/json")
        state = Layout(found.root).state / "secretsmanager.json"
        assert eventually(state.exists)
        paths = [found.root, *found.root.rglob("*")]
        assert {"inbox.jsonl", "keys.json", "localaws.log", "secretsmanager.json"} <= {p.name for p in paths}
        assert [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
    finally:
        os.umask(before)
        instance.down(root, erase=True)
