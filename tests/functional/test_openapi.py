"""GET /openapi.json: a valid OpenAPI document, true to what the functions take and answer."""

import json
import re
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from pulse.domain.request.job_request import JobRequest
from pulse.domain.validation import collect
from tests.functional.api import DEFAULT_ROUTE, ROUTES, Api

SAMPLES = Path(__file__).parents[2] / "samples" / "requests"


@pytest.fixture
def api(deployed, context) -> Api:
    return Api(context)


@pytest.fixture
def document(api):
    status, content, headers = api("GET /openapi.json")
    assert (status, headers["content-type"]) == (200, "application/json")
    return content


@pytest.fixture
def checker(document):
    """A validator of a schema in the components, by name."""

    def of(name):
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)

    return of


def test_should_be_an_openapi_document(document):
    assert document["openapi"] == "3.1.0"
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []


def test_should_refer_to_nothing_that_is_not_there(document):
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        value = document
        for step in reference.split("/"):
            value = value[step]


def test_should_have_every_route_and_no_other(document):
    routes = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert routes == ROUTES.keys() - {DEFAULT_ROUTE}


def test_should_have_a_parameter_for_each_part_of_a_path(document):
    parameters = document["components"]["parameters"]
    for path, item in document["paths"].items():
        for operation in item.values():
            used = [parameters[each["$ref"].rpartition("/")[2]] for each in operation["parameters"]]
            in_path = {parameter["name"] for parameter in used if parameter["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path))


def test_should_say_that_calls_are_signed(document):
    (name,) = document["security"][0]
    assert document["components"]["securitySchemes"][name] == {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }


def test_should_publish_for_how_long_an_idempotency_key_counts(document):
    told = document["components"]["parameters"]["IdempotencyKey"]["description"]
    assert "for 400 days" in told
    assert "for 10 min" in told


def test_should_name_the_problem_behind_each_refusal(document):
    responses = document["paths"]["/jobs"]["post"]["responses"]
    types = {
        status: response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["type"][
            "enum"
        ]
        for status, response in responses.items()
        if "application/problem+json" in response["content"]
    }
    problems = {
        status: {name.removeprefix("urn:pulse:problem:") for name in names} for status, names in types.items()
    }
    assert problems == {
        "400": {"invalid-call", "invalid-idempotency-key"},
        "409": {"in-flight", "not-yet-submitted", "forgotten"},
        "413": {"too-large"},
        "422": {"invalid-request", "idempotency-conflict", "over-limit", "refused-by-batch"},
        "500": {"about:blank"},
        "503": {"try-again"},
    }
    assert {status for status, response in responses.items() if "headers" in response} == {"409", "503"}


def test_should_name_the_profiles_and_the_queues_that_there_are(document):
    properties = document["components"]["schemas"]["JobRequest"]["properties"]
    assert properties["profile"]["enum"] == ["small", None]
    assert properties["queue"]["enum"] == ["fair", "fifo", None]


def test_should_hold_every_field_of_a_request(document):
    schema = document["components"]["schemas"]["JobRequest"]
    assert schema["properties"].keys() == set(JobRequest.__struct_fields__)
    assert schema["additionalProperties"] is False


def test_should_show_every_sample_request(document):
    shown = document["paths"]["/jobs"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert {name: example["value"] for name, example in shown.items()} == {
        file.stem: json.loads(file.read_text()) for file in SAMPLES.glob("*.json")
    }


def test_should_use_regular_expressions_of_ecmascript_only(document):
    patterns = set(re.findall(r'"pattern":"((?:[^"\\]|\\.)*)"', json.dumps(document, separators=(",", ":"))))
    assert patterns
    for pattern in patterns:
        assert r"\\Z" not in pattern
        assert r"\\w" not in pattern, "ECMAScript's is ASCII only"
        assert jsonschema_rs.is_valid({"pattern": json.loads(f'"{pattern}"')}, 1)


VALUES = {
    "dataset": ["datasets/a.csv", "datasets/a b+c%20ü.csv\n", "datasets/", "other/a", "datasets/\0"],
    "dataset_version_id": ["abc", "a b", "", "a\n"],
    "variables": [["spx_close"], ["-x"], ["a\n"], [" a"], ["ü" * 128], ["x" * 129], [], ["a"] * 201],
    "missing_values": [
        [-999, -99.5, "NA", "a b"],
        [],
        [""],
        ["x" * 65],
        ["ü" * 64],
        ["a\n"],
        ["\u200b"],
        [None],
        [True],
        [0] * 21,
        -999,
    ],
    "id_columns": [["store"], ["store", "item"], [], ["a"] * 5, ["-x"], "store"],
    "share_identifier": ["team1", "team-1", "", "team1\n"],
    "job_name_prefix": ["pulse", "-pulse", "x" * 99],
    "tags": [
        {"Team": "a b"},
        {"Größe": "ß"},
        {"aws:x": "a"},
        {"a!": "b"},
        {"": "b"},
        {"a": "b\n"},
        {"a": "x" * 257},
    ],
    "start_date": ["2022-01-01", None, "2022-13-01", "soon", 1],
    "vcpus": ["auto", 1, 0.1, "many"],
    "depends_on": [["batch-1"], [{"type": "SEQUENTIAL", "x": 1}], [{"job_id": "a b"}], ["a\n"], ["a"] * 21],
    "max_cost_usd": ["1.50", 1, 0.25, "0", "0.00", -1, 1_000_001, "NaN", "much"],
    "scheduling_priority": [0, 9999, 10_000, "1"],
    "sweep": [{"batch_size_days": [1, 2]}, {"colour": [1]}, {"variables": [["-x"], ["b"]]}],
    "alerts": [{"kinds": ["FAILED"]}, {"channels": []}, {"channels": ["pigeon"]}],
    "use_dask": [True, "true", None],
    "colour": ["red"],
}


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in VALUES.items() for v in values])
def test_should_allow_in_a_field_what_the_functions_allow_there(checker, field, value):
    """Rules that tie fields together are not in the schema, and tested where they are made."""
    _, faults = collect({field: value}, JobRequest)
    taken = not any(fault.field.startswith(field) for fault in faults)
    assert checker("JobRequest").is_valid({field: value}) is taken


@pytest.mark.parametrize(
    ("route", "body", "query", "status", "name"),
    [
        ("POST /jobs", {"shards": 2}, {}, 202, "SubmittedJob"),
        ("POST /jobs", {"max_cost_usd": "0.0001"}, {"dry_run": "true"}, 200, "PlannedJob"),
        ("POST /jobs", {"attempts": 0}, {}, 422, "Problem"),
        ("GET /jobs/nothing", None, {}, 404, "Problem"),
        ("POST /jobs", "{", {}, 400, "Problem"),
    ],
)
def test_should_describe_the_answers(api, checker, route, body, query, status, name):  # noqa: PLR0913, PLR0917 - fixtures and parameters
    answer = api(route, body, **query)
    assert answer.status == status
    assert [error.message for error in checker(name).iter_errors(answer.content)] == []


def test_should_describe_a_job_and_its_cancellation(api, checker):
    job_id = api("POST /jobs", {"dataset": "datasets/a.csv", "max_cost_usd": 5}).content["job_id"]
    checker("Job").validate(api(f"GET /jobs/{job_id}").content)
    checker("CancelledJob").validate(api(f"POST /jobs/{job_id}/cancel").content)


def test_should_be_the_same_bytes_every_time(api):
    assert msgspec.json.encode(api("GET /openapi.json").content) == msgspec.json.encode(
        api("GET /openapi.json").content
    )
