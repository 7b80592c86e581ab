"""The documented limits as a client meets them: pace, sizes, lists, tags."""

import json

import pytest

from localaws.batch.border import api
from localaws.batch.errors import TooManyRequestsException
from localaws.batch.model import Call
from localaws.batch.scheduling.throttle import Throttle
from localaws.batch.scope import Scope
from tests.localaws.batch_world import SCOPE, definition

OTHER = Scope("111111111111", "us-east-1")


class Clock:
    def __init__(self):
        self.ms = 0

    def __call__(self):
        return self.ms


def admitted(throttle, tries, scope=SCOPE):
    count = 0
    for _ in range(tries):
        try:
            throttle.admit(scope)
        except TooManyRequestsException:
            continue
        count += 1
    return count


def test_fifty_a_second_pass_of_each_account():
    clock = Clock()
    throttle = Throttle(50, clock)
    assert admitted(throttle, 80) == 50
    assert admitted(throttle, 80, OTHER) == 50
    clock.ms += 100
    assert admitted(throttle, 80) == 5
    clock.ms += 10_000
    assert admitted(throttle, 80) == 50


def test_a_clock_that_goes_back_gives_nothing_away():
    clock = Clock()
    throttle = Throttle(50, clock)
    assert admitted(throttle, 60) == 50
    clock.ms -= 5000
    assert admitted(throttle, 1) == 0


def test_no_limit_lets_everything_pass():
    assert admitted(Throttle(0, Clock()), 500) == 500


def call(world, operation, **members):
    """Status and body of the answer to an operation whose path is its name."""
    path = f"/v1/{operation.lower()}"
    status, _, body = api.handle(world.engine, SCOPE, Call("POST", path, {}, json.dumps(members).encode()))
    return status, json.loads(body)


def submission(world, **members):
    return call(world, "SubmitJob", jobName="j", jobQueue="queue", jobDefinition="definition", **members)


@pytest.fixture
def ready(play):
    """`ready(scenario)` runs the scenario in a world whose definition exists and where nothing starts."""

    def run(scenario):
        async def with_definition(world):
            call(world, "RegisterJobDefinition", **definition())
            world.region.environments["environment"]["state"] = "DISABLED"
            await scenario(world)

        play(with_definition)

    return run


def test_the_51st_submission_at_once_is_answered_429_and_nothing_is_kept_of_it(ready):
    async def scenario(world):
        clock = Clock()
        world.engine.throttle = Throttle(50, clock)
        answers = [submission(world) for _ in range(51)]
        assert [status for status, _ in answers] == [200] * 50 + [429]
        assert answers[-1][1] == {"__type": "TooManyRequestsException", "message": "Too Many Requests"}
        assert len(world.region.jobs) == 50
        clock.ms += 20
        assert submission(world)[0] == 200

    ready(scenario)


def test_a_payload_over_30_kib_is_refused_with_its_size(ready):
    async def scenario(world):
        status, answer = submission(world, parameters={"p": "x" * 30_720})
        assert status == 400
        assert "at most 30720 bytes, found 30" in answer["message"]
        assert submission(world, parameters={"p": "x" * 30_000})[0] == 200

    ready(scenario)


def test_a_reason_has_at_most_1024_characters(ready):
    async def scenario(world):
        job = submission(world)[1]["jobId"]
        for operation, members in (
            ("CancelJob", {"jobId": job}),
            ("TerminateJob", {"jobId": job}),
            ("CancelJobs", {"jobs": [job]}),
            ("TerminateJobs", {"jobs": [job]}),
        ):
            status, answer = call(world, operation, **members, reason="x" * 1025)
            assert (status, "at most 1024 characters, found 1025" in answer["message"]) == (400, True)
        assert call(world, "CancelJob", jobId=job, reason="x" * 1024)[0] == 200

    ready(scenario)


def test_fifty_jobs_are_ended_at_once_and_those_that_cannot_be_found_count_as_ended(ready):
    async def scenario(world):
        jobs = [submission(world)[1]["jobId"] for _ in range(2)]
        assert call(world, "CancelJobs", jobs=["x"] * 51, reason="r")[0] == 400
        asked = [jobs[0], "nobody", world.region.jobs[jobs[1]].detail["jobArn"]]
        assert call(world, "CancelJobs", jobs=asked, reason="r") == (200, {"successful": asked, "errors": []})
        assert [world.region.jobs[job].detail["statusReason"] for job in jobs] == ["r", "r"]

    ready(scenario)


def listed(world, **members):
    return [job["jobId"] for job in call(world, "ListJobs", **members)[1]["jobSummaryList"]]


def test_a_job_is_listed_after_the_lag_and_described_at_once(ready):
    async def scenario(world):
        clock = Clock()
        object.__setattr__(world.engine.settings, "now_ms", clock)
        object.__setattr__(world.engine.settings, "list_lag_seconds", 2.0)
        job = submission(world)[1]["jobId"]
        by_name = {"jobQueue": "queue", "filters": [{"name": "JOB_NAME", "values": ["J"]}]}
        by_status = {"jobQueue": "queue", "jobStatus": "SUBMITTED"}
        clock.ms = 1999
        assert listed(world, **by_name) == listed(world, **by_status) == []
        assert call(world, "DescribeJobs", jobs=[job])[1]["jobs"][0]["jobId"] == job
        clock.ms = 2000
        assert listed(world, **by_name) == listed(world, **by_status) == [job]

    ready(scenario)


def test_a_name_is_found_in_any_case_and_status_newest_first_without_children(ready):
    async def scenario(world):
        world.engine.throttle = Throttle(0, Clock())
        ids = [
            call(world, "SubmitJob", jobName=name, jobQueue="queue", jobDefinition="definition")[1]["jobId"]
            for name in ("Nightly", "nightly", "NIGHTLY", "nightly2")
        ]
        call(world, "TerminateJob", jobId=ids[1], reason="r")
        array = submission(world, arrayProperties={"size": 2})[1]["jobId"]
        while world.engine._awake:
            world.engine._look()

        def named(name):
            return listed(world, jobQueue="queue", filters=[{"name": "JOB_NAME", "values": [name]}])

        assert named("nIGHTLY") == [ids[2], ids[1], ids[0]]
        assert named("nightly*") == ids[::-1]
        assert named("j") == [array]
        assert listed(world, arrayJobId=array, jobStatus="RUNNABLE") == [f"{array}:0", f"{array}:1"]

    ready(scenario)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"jobQueue": "queue", "filters": [{"name": "JOB_NAME"}]}, "needs at least one value"),
        ({"jobQueue": "queue", "filters": [{"name": "NAME", "values": ["x"]}]}, "filter name must be one of"),
        (
            {"arrayJobId": "x", "filters": [{"name": "JOB_NAME", "values": ["x"]}]},
            "only be used with jobQueue",
        ),
        ({"jobQueue": "queue", "filters": [{"name": "JOB_NAME", "values": ["x"]}] * 2}, "Only one filter"),
        ({"jobQueue": "nowhere"}, "Job queue nowhere does not exist"),
    ],
)
def test_a_listing_that_aws_refuses_is_refused(ready, members, words):
    async def scenario(world):
        status, answer = call(world, "ListJobs", **members)
        assert (status, words in answer["message"]) == (400, True)

    ready(scenario)


def tags(world, method, arn, body=None, **query):
    request = Call(method, f"/v1/tags/{arn}", query, json.dumps(body or {}).encode())
    status, _, answer = api.handle(world.engine, SCOPE, request)
    return status, json.loads(answer)


def test_tags_stay_within_fifty_and_out_of_awss_own(ready):
    async def scenario(world):
        arn = submission(world, tags={"kept": "1"})[1]["jobArn"]
        many = {f"k{number}": "v" for number in range(50)}
        for wrong, words in (
            (many, "at most 50, found 51"),
            ({"aws:x": "v"}, "not start with aws:"),
            ({"AWS:x": "v"}, "not start with aws:"),
            ({"": "v"}, "length"),
            ({"k" * 129: "v"}, "1 to 128 characters"),
            ({"k": "v" * 257}, "at most 256 characters"),
        ):
            status, answer = tags(world, "POST", arn, {"tags": wrong})
            assert (status, words in answer["message"]) == (400, True)
        assert tags(world, "GET", arn) == (200, {"tags": {"kept": "1"}})
        many.pop("k0")
        assert tags(world, "POST", arn, {"tags": many})[0] == 200
        assert tags(world, "DELETE", arn, tagKeys=["kept", "unknown"])[0] == 200
        assert tags(world, "GET", arn)[1]["tags"] == many

    ready(scenario)


def test_every_kind_of_resource_but_a_child_job_carries_tags(ready):
    async def scenario(world):
        call(world, "CreateSchedulingPolicy", name="policy", tags={"own": "1"})
        array = submission(world, arrayProperties={"size": 2})[1]["jobArn"]
        while world.engine._awake:
            world.engine._look()
        for arn in (
            array,
            SCOPE.arn("job-definition", "definition:1"),
            SCOPE.arn("job-queue", "queue"),
            SCOPE.arn("compute-environment", "environment"),
            SCOPE.arn("scheduling-policy", "policy"),
        ):
            assert tags(world, "POST", arn, {"tags": {"a": "1"}})[0] == 200
            assert tags(world, "GET", arn)[1]["tags"]["a"] == "1"
        status, answer = tags(world, "GET", f"{array}:0")
        assert (status, "child job" in answer["message"]) == (400, True)
        assert tags(world, "GET", SCOPE.arn("job", "nobody"))[0] == 400

    ready(scenario)
