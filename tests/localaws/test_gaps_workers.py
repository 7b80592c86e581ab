"""A function that is updated while it works."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

SOURCE = """
import os, time
def handler(event, context):
    open(event["begun"], "w").close()
    deadline = time.monotonic() + 20
    while not os.path.exists(event["end"]) and time.monotonic() < deadline:
        time.sleep(0.01)
    return os.environ.get("VERSION", "first")
"""
ROLE = {
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
        }
    },
}


def test_an_update_lets_an_invocation_end_where_it_began(aws, deploy, eventually, tmp_path):
    function = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Timeout": 30,
        "Role": {"Fn::GetAtt": ["R", "Arn"]},
        "Code": {"ZipFile": SOURCE},
    }
    made = deploy(
        "updated",
        {"R": ROLE, "F": {"Type": "AWS::Lambda::Function", "Properties": function}},
        {"F": {"Ref": "F"}},
    )["F"]
    client = aws.client("lambda")
    begun, end = (tmp_path / f"{name}-{uuid.uuid4().hex}" for name in ("begun", "end"))

    def invoke():
        event = json.dumps({"begun": str(begun), "end": str(end)}).encode()
        answer = client.invoke(FunctionName=made, Payload=event)
        return json.loads(answer["Payload"].read())

    with ThreadPoolExecutor() as pool:
        going_on = pool.submit(invoke)
        assert eventually(begun.exists, 10)
        client.update_function_configuration(
            FunctionName=made, Environment={"Variables": {"VERSION": "second"}}
        )
        end.touch()
        assert going_on.result() == "first"
    assert invoke() == "second"
