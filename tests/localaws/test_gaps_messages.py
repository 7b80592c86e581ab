"""Events, topics and schedules: what arrives, and where."""

import http.server
import json
import threading
import urllib.request

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def queue(aws, request):
    """A queue that any service may send to: its URL and ARN."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=f"q{abs(hash(request.node.name)) % 10**9}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    )
    return url, arn


@pytest.fixture
def received(aws, queue, eventually):
    """`received()` is the next message of the queue."""
    sqs = aws.client("sqs")

    def next_message(seconds=5):
        found = eventually(
            lambda: sqs.receive_message(
                QueueUrl=queue[0], MessageAttributeNames=["All"], MaxNumberOfMessages=1
            ).get("Messages"),
            seconds,
        )
        return found[0] if found else None

    return next_message


def test_object_created_names_the_version_in_a_versioned_bucket(aws, queue, received, deploy):
    bucket = {
        "VersioningConfiguration": {"Status": "Enabled"},
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
    }
    made = deploy("versioned", {"B": {"Type": "AWS::S3::Bucket", "Properties": bucket}}, {"B": {"Ref": "B"}})[
        "B"
    ]
    events = aws.client("events")
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [made]}},
    }
    events.put_rule(Name="versions", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="versions", Targets=[{"Id": "q", "Arn": queue[1]}])
    s3 = aws.client("s3")
    versions = [s3.put_object(Bucket=made, Key="a+b c.csv", Body=b"x")["VersionId"] for _ in range(2)]
    seen = [json.loads(received()["Body"])["detail"]["object"] for _ in versions]
    assert sorted(one["version-id"] for one in seen) == sorted(versions)
    assert {one["key"] for one in seen} == {"a+b c.csv"}


def test_email_of_a_topic_arrives_in_the_inbox(aws, deploy):
    def subscription(protocol, endpoint, policy=None):
        properties = {"TopicArn": {"Ref": "T"}, "Protocol": protocol, "Endpoint": endpoint}
        properties |= {"FilterPolicy": policy} if policy else {}
        return {"Type": "AWS::SNS::Subscription", "Properties": properties}

    resources = {
        "T": {"Type": "AWS::SNS::Topic"},
        "A": subscription("email", "a@example.com"),
        "J": subscription("email-json", "j@example.com"),
        "No": subscription("email", "no@example.com", {"kind": ["other"]}),
    }
    topic = deploy("mail", resources, {"T": {"Ref": "T"}})["T"]
    message = {"default": "d", "email": "Hello,\n<b>you</b>", "email-json": "json"}
    aws.client("sns").publish(
        TopicArn=topic,
        Subject="Subject",
        Message=json.dumps(message),
        MessageStructure="json",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "alert"}},
    )
    mails = {mail["to"]: mail for mail in json.load(urllib.request.urlopen(f"{aws.inbox_url}/messages"))}
    assert set(mails) == {"a@example.com", "j@example.com"}
    mail = mails["a@example.com"]
    assert (mail["channel"], mail["subject"], mail["text"]) == ("email", "Subject", "Hello,\n<b>you</b>")
    assert mail["attributes"] == {"kind": "alert"}
    assert json.loads(mails["j@example.com"]["text"])["Message"] == "json"


def test_a_topic_delivers_the_queues_text_raw(aws, queue, received):
    sns = aws.client("sns")
    topic = sns.create_topic(Name="raw")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue[1], Attributes={"RawMessageDelivery": "true"}
    )
    sns.publish(
        TopicArn=topic,
        Message=json.dumps({"default": "d", "sqs": '{"a":1}'}),
        MessageStructure="json",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "alert"}},
    )
    message = received()
    assert message["Body"] == '{"a":1}'
    assert message["MessageAttributes"]["kind"]["StringValue"] == "alert"


def test_an_http_subscription_of_a_template_is_confirmed_and_delivers(aws, deploy, eventually):
    posts = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            posts.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        subscription = {
            "TopicArn": {"Ref": "T"},
            "Protocol": "http",
            "Endpoint": f"http://127.0.0.1:{server.server_port}/",
        }
        resources = {
            "T": {"Type": "AWS::SNS::Topic"},
            "S": {"Type": "AWS::SNS::Subscription", "Properties": subscription},
        }
        topic = deploy("http", resources, {"T": {"Ref": "T"}})["T"]
        assert eventually(lambda: posts)
        assert posts[0]["Type"] == "SubscriptionConfirmation"
        urllib.request.urlopen(posts[0]["SubscribeURL"]).close()
        aws.client("sns").publish(TopicArn=topic, Message="hello")
        assert eventually(lambda: len(posts) > 1)
        assert posts[1]["Message"] == "hello"
        server.shutdown()


def test_a_policy_that_enforces_tls_lets_loopback_pass(aws, as_role):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="tls-only")
    insecure = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(
        Bucket="tls-only", Policy=json.dumps({"Version": "2012-10-17", "Statement": [insecure]})
    )
    writer = as_role("s3", {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::tls-only/*"})
    writer.put_object(Bucket="tls-only", Key="k", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        writer.get_object(Bucket="tls-only", Key="k")


def test_ecr_says_which_image_is_missing_and_checks_the_named_repository(aws, as_role):
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName="here")
    with pytest.raises(ecr.exceptions.ImageNotFoundException, match="imageTag:'gone'"):
        ecr.describe_images(repositoryName="here", imageIds=[{"imageTag": "gone"}])
    assert ecr.describe_images(repositoryName="here")["imageDetails"] == []
    arn = "arn:aws:ecr:us-east-1:000000000000:repository/here"
    limited = as_role("ecr", {"Action": "ecr:DescribeRepositories", "Resource": arn})
    assert limited.describe_repositories(repositoryNames=["here"])["repositories"][0]["repositoryArn"] == arn
    with pytest.raises(ClientError, match="AccessDenied"):
        limited.describe_repositories(repositoryNames=["other"])
