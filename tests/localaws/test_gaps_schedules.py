"""One-time schedules, and what IAM has to say to them."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
SCHEDULES = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule"
SCHEDULER = "scheduler.amazonaws.com"


@pytest.fixture(scope="module")
def scheduler(aws):
    scheduler = aws.client("scheduler")
    scheduler.create_schedule_group(Name="due")
    return scheduler


@pytest.fixture
def queue(aws):
    """A new queue: its name, its ARN and what came into it."""
    sqs = aws.client("sqs")
    name = f"queue-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]

    def received():
        return [m["Body"] for m in sqs.receive_message(QueueUrl=url).get("Messages", [])]

    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}", received


@pytest.fixture
def role(aws):
    """`role(trusted, action, resource)` is the ARN of a new role."""

    def make(trusted, resources):
        name = f"sender-{uuid.uuid4().hex[:8]}"
        trust = {
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": trusted}}]
        }
        iam = aws.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        if resources:
            statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": resources}
            policy = {"Version": "2012-10-17", "Statement": [statement]}
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        return arn

    return make


def request(target, role_arn, group="due", **more):
    soon = datetime.now(UTC) + timedelta(seconds=1)
    return {
        "Name": f"job-{uuid.uuid4().hex[:8]}",
        "GroupName": group,
        "ScheduleExpression": f"at({soon:%Y-%m-%dT%H:%M:%S})",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {"Arn": target, "RoleArn": role_arn, "Input": '{"due": true}'} | more,
    }


def creates(*resources):
    return {"Action": ["scheduler:CreateSchedule", "scheduler:DeleteSchedule"], "Resource": list(resources)}


def passes(role_arn, service=SCHEDULER):
    condition = {"StringEquals": {"iam:PassedToService": service}}
    return {"Action": "iam:PassRole", "Resource": role_arn, "Condition": condition}


def test_a_schedule_fires_once_with_its_input_and_is_gone(scheduler, queue, role, eventually):
    arn, received = queue
    wanted = request(arn, role(SCHEDULER, [arn]))
    scheduler.create_schedule(**wanted)
    with pytest.raises(scheduler.exceptions.ConflictException):
        scheduler.create_schedule(**wanted)
    assert eventually(received, 3) == ['{"due": true}']
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.delete_schedule(Name=wanted["Name"], GroupName="due")


def test_what_the_schedule_s_role_may_not_send_is_a_dead_letter(aws, scheduler, queue, role, eventually):
    arn, received = queue
    sqs = aws.client("sqs")
    dead = sqs.create_queue(QueueName=f"dead-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    dead_arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{dead.rpartition('/')[2]}"
    scheduler.create_schedule(**request(arn, role(SCHEDULER, [dead_arn]), DeadLetterConfig={"Arn": dead_arn}))
    assert eventually(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"))
    assert received() == []


def test_a_caller_needs_its_group_s_schedules(as_role, scheduler, queue, role):
    arn, _ = queue
    sender = role(SCHEDULER, [arn])
    caller = as_role("scheduler", creates(f"{SCHEDULES}/due/*"), passes(sender))
    wanted = request(arn, sender)
    caller.create_schedule(**wanted)
    caller.delete_schedule(Name=wanted["Name"], GroupName="due")
    with pytest.raises(ClientError, match="scheduler:CreateSchedule because no"):
        caller.create_schedule(**request(arn, sender, group="default"))
    with pytest.raises(ClientError, match="scheduler:DeleteSchedule because no"):
        caller.delete_schedule(Name=wanted["Name"])


@pytest.mark.parametrize("service", [None, "lambda.amazonaws.com"])
def test_a_caller_must_pass_the_role_to_the_scheduler(as_role, scheduler, queue, role, service):
    arn, _ = queue
    sender = role(SCHEDULER, [arn])
    passed = [passes(sender, service)] if service else []
    caller = as_role("scheduler", creates(f"{SCHEDULES}/*"), *passed)
    with pytest.raises(ClientError, match=r"AccessDeniedException.*iam:PassRole on resource: .*sender-"):
        caller.create_schedule(**request(arn, sender))


def test_the_role_must_trust_the_scheduler(scheduler, queue, role):
    arn, _ = queue
    with pytest.raises(scheduler.exceptions.ValidationException, match="must allow AWS EventBridge"):
        scheduler.create_schedule(**request(arn, role("lambda.amazonaws.com", [arn])))
