"""Which permissions calls, tasks and images need."""

import pytest

from localaws.batch import iam
from tests.localaws.batch_world import SCOPE


def resolve(_reference):
    return SCOPE.arn("job-definition", "d:3")


@pytest.mark.parametrize(
    ("operation", "members", "expected"),
    [
        (
            "SubmitJob",
            {"jobDefinition": "d", "jobQueue": "q"},
            [("batch:SubmitJob", "job-definition/d:3"), ("batch:SubmitJob", "job-queue/q")],
        ),
        (
            "SubmitJob",
            {"jobDefinition": "d", "jobQueue": SCOPE.arn("job-queue", "q"), "tags": {"a": "b"}},
            [
                ("batch:SubmitJob", "job-definition/d:3"),
                ("batch:SubmitJob", "job-queue/q"),
                ("batch:TagResource", "job-definition/d:3"),
                ("batch:TagResource", "job/*"),
            ],
        ),
        ("TerminateJob", {"jobId": "x"}, [("batch:TerminateJob", "job/x")]),
        ("TerminateJob", {"jobId": "x:3"}, [("batch:TerminateJob", "job/x:3")]),
        (
            "CancelJobs",
            {"jobs": ["x", SCOPE.arn("job", "y")], "reason": "r"},
            [("batch:CancelJob", "job/x"), ("batch:CancelJob", "job/y")],
        ),
        ("TerminateJobs", {"jobs": ["x"], "reason": "r"}, [("batch:TerminateJob", "job/x")]),
        ("ListJobs", {"jobQueue": "q"}, [("batch:ListJobs", None)]),
        ("DescribeJobs", {"jobs": ["x"]}, [("batch:DescribeJobs", None)]),
        ("SubmitJob", {"jobQueue": 5}, [("batch:SubmitJob", None)]),
        (
            "TagResource",
            {"resourceArn": SCOPE.arn("job", "x"), "tags": {"a": "b"}},
            [("batch:TagResource", "job/x")],
        ),
    ],
)
def test_calls_need_permission_on_their_own_resources(operation, members, expected):
    found = [(one.action, one.resource) for one in iam.permissions(operation, members, SCOPE, resolve)]
    prefix = "arn:aws:batch:us-east-1:000000000000:"
    assert found == [(action, prefix + resource if resource else "*") for action, resource in expected]


def test_only_images_of_ecr_need_permission():
    found = iam.pull_permissions("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app@sha256:00")
    assert {one.resource for one in found} == {"*", "arn:aws:ecr:eu-west-1:123456789012:repository/team/app"}
    assert iam.pull_permissions("public.ecr.aws/docker/library/python:3.11") == []


@pytest.mark.parametrize(
    ("principal", "trusted"),
    [
        ({"Service": "ecs-tasks.amazonaws.com"}, True),
        ({"Service": ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]}, True),
        ({"Service": "lambda.amazonaws.com"}, False),
        ({"AWS": "*"}, False),
        ("*", False),
    ],
)
def test_a_role_has_to_trust_the_tasks_service(principal, trusted):
    policy = {"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}}
    assert iam.trusts(policy, iam.TASKS_SERVICE) is trusted
