"""CloudWatch Logs asks IAM about streams."""

import pytest
from botocore.exceptions import ClientError

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group"


@pytest.fixture(scope="module")
def logs(aws):
    logs = aws.client("logs")
    for group in ("/aws/batch/job", "/aws/batch/jobs"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="a/default/1")
    return logs


@pytest.mark.parametrize("resource", [":*", ":log-stream:*", ":log-stream:a/default/1"])
def test_whoever_may_read_the_streams_reads_one(logs, as_role, resource):
    statement = {"Action": "logs:GetLogEvents", "Resource": f"{GROUP}:/aws/batch/job{resource}"}
    reader = as_role("logs", statement)
    assert reader.get_log_events(logGroupName="/aws/batch/job", logStreamName="a/default/1")["events"] == []
    with pytest.raises(ClientError, match="not authorized to perform: logs:GetLogEvents"):
        reader.get_log_events(logGroupName="/aws/batch/jobs", logStreamName="a/default/1")


def test_the_group_alone_is_not_its_streams(logs, as_role):
    statement = {"Action": "logs:GetLogEvents", "Resource": f"{GROUP}:/aws/batch/job"}
    with pytest.raises(ClientError, match="not authorized to perform: logs:GetLogEvents"):
        as_role("logs", statement).get_log_events(logGroupName="/aws/batch/job", logStreamName="a/default/1")
