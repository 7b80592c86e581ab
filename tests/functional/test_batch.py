"""SubmitJob's answers: which say that the job was taken, which that it was not, which neither."""

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from pulse.aws import clients
from pulse.aws.batch.jobs import Batch
from pulse.domain.errors import Misconfigured, NotAccepted, OutcomeUnknown, RefusedByBatch

URL = "https://batch.us-east-1.amazonaws.com"
REQUEST = {"jobName": "n", "jobQueue": "q", "jobDefinition": "d"}


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ((429, "TooManyRequestsException", "Too Many Requests"), NotAccepted),
        ((400, "ThrottlingException", "Rate exceeded"), NotAccepted),
        ((429, "SomethingNew", "slow down"), NotAccepted),
        (ConnectTimeoutError(endpoint_url=URL), NotAccepted),
        (EndpointConnectionError(endpoint_url=URL), NotAccepted),
        ((400, "ClientException", "Job queue is disabled"), RefusedByBatch),
        ((403, "AccessDeniedException", "not authorized"), Misconfigured),
        ((403, "ExpiredTokenException", "expired"), Misconfigured),
        (NoCredentialsError(), Misconfigured),
        (ReadTimeoutError(endpoint_url=URL), OutcomeUnknown),
        (ConnectionClosedError(endpoint_url=URL), OutcomeUnknown),
        ((500, "ServerException", "Internal"), OutcomeUnknown),
        ((503, "ServiceUnavailable", "busy"), OutcomeUnknown),
        ({"jobName": "n"}, OutcomeUnknown),
        (b"<html>", OutcomeUnknown),
        (RuntimeError("anything"), OutcomeUnknown),
    ],
    ids=repr,
)
def test_should_call_once_and_know_what_an_answer_means(batch, answer, raised):
    batch.answers = [answer]
    with pytest.raises(raised):
        Batch(clients.batch).submit(REQUEST)
    assert len(batch.requests) == 1, "SubmitJob has no client token: a retry could be a second job"


def test_should_return_the_job_id(batch):
    assert Batch(clients.batch).submit(REQUEST) == "aws-1"


def test_should_send_nothing_that_is_no_submit_job_request(batch):
    with pytest.raises(Misconfigured, match="jobQueue"):
        Batch(clients.batch).submit({"jobName": "n"})
    assert batch.requests == []
