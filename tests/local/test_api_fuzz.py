"""The deployed API under schemathesis: whatever it is sent, no 5xx, and no answer that is not documented."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.local.deployment import ENDS, Deployment, sample

pytestmark = pytest.mark.local
EXAMPLES = 60
"""Of each operation, valid ones and as many that are not."""
SUBMITTED_EVERY = 10
"""One in so many calls that may submit does; the others are dry runs. Arrays never are."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    allow_header_conformance,
]
ENOUGH = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Signed(requests.auth.AuthBase):
    """SigV4 for what is sent as it is sent."""

    def __init__(self, pulse: Deployment) -> None:
        session = pulse.found.session()
        self._signer = SigV4Auth(session.get_credentials(), "execute-api", session.region_name)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        signed = AWSRequest(request.method, request.url, data=request.body)
        self._signer.add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request


@contextmanager
def jobs(pulse: Deployment) -> Iterator[list[str]]:
    """The ids of jobs to be asked about, cancelled and run again. In the end no job is left."""
    key = "datasets/fuzz/any.csv"
    pulse.drop(key, sample(10))
    requests = [{"dataset": key, "profile": "small", "attempts": number} for number in (1, 2, 3)]
    yield [pulse.post(request, query={"force": "true"}).json()["job_id"] for request in requests]
    for job in pulse.all_jobs():
        if job["status"] not in ENDS:
            pulse.batch.terminate_job(jobId=job["jobId"], reason="the test is over")


def test_should_answer_as_documented_and_never_5xx_whatever_it_is_sent(
    pulse: Deployment, subtests: pytest.Subtests
):
    schema = schemathesis.openapi.from_dict(pulse.api.call("GET", "/openapi.json").json())
    seen: set[tuple[str, int]] = set()
    for operation in (found.ok() for found in schema.get_all_operations()):
        for mode in GenerationMode:
            # What is tried is the API; the jobs wait.
            with (
                subtests.test(operation.label, mode=mode.value),
                pulse.switched_off(),
                jobs(pulse) as known,
            ):
                seen |= fuzzed(pulse, operation, mode, known)
    assert seen >= {
        *(("POST /jobs", status) for status in (200, 202, 400, 422)),
        *(("GET /jobs/{id}", status) for status in (200, 404)),
        *(("POST /jobs/{id}/cancel", status) for status in (202, 404, 422)),
        *(("POST /jobs/{id}/rerun", status) for status in (200, 404, 422)),
        *(("GET /queue", status) for status in (200, 400)),
        *(("GET /costs", status) for status in (200, 400)),
        ("GET /openapi.json", 200),
    }, sorted(seen)


def fuzzed(
    pulse: Deployment, operation: APIOperation, mode: GenerationMode, known: list[str]
) -> set[tuple[str, int]]:
    """Which statuses were seen."""
    calls = itertools.count()
    seen = set()

    @ENOUGH
    @given(case=operation.as_strategy(generation_mode=mode))
    def fuzz(case: Case) -> None:
        tamed(case, known, next(calls))
        answer = case.call(base_url=pulse.where.api_url, auth=Signed(pulse))
        seen.add((operation.label, answer.status_code))
        case.validate_response(answer, checks=CHECKS)

    fuzz()
    return seen


def tamed(case: Case, known: list[str], number: int) -> None:
    """Every other call is about a job that there is; hardly any submits one."""
    if "{id}" in case.path and number % 2:
        case.path_parameters = {"id": known[number % len(known)]}
    if case.path.endswith(("/jobs", "/rerun")) and (number % SUBMITTED_EVERY or is_array(case.body)):
        case.query = {**(case.query or {}), "dry_run": "true"}


def is_array(body: Any) -> bool:
    return isinstance(body, dict) and bool(body.get("shards") or body.get("sweep"))
