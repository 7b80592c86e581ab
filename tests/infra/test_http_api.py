"""The HTTP API: who may call it, and which function answers which route."""

import json

from tests.functional.api import ROUTES
from tests.infra.templates import text


def test_the_api_takes_signed_requests_only_throttled_and_logged(local):
    routes = local.resources("ApiGatewayV2::Route").values()
    assert {route["AuthorizationType"] for route in routes} == {"AWS_IAM"}
    [stage] = local.resources("ApiGatewayV2::Stage").values()
    assert stage["StageName"] == "$default"
    assert stage["AutoDeploy"] is True
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 20, "ThrottlingRateLimit": 10}
    assert text(stage["AccessLogSettings"]["DestinationArn"]) == "HttpApiAccessLogs.Arn"
    assert json.loads(stage["AccessLogSettings"]["Format"])["caller"] == "$context.identity.userArn"


def test_each_route_leads_to_its_function_which_the_api_may_call(local):
    functions = {
        text({"Ref": name}): text(integration["IntegrationUri"]).removesuffix("UseCaseFunction.Arn")
        for name, integration in local.resources("ApiGatewayV2::Integration").items()
    }
    routes = {
        route["RouteKey"]: functions[text(route["Target"]).removeprefix("integrations/")]
        for route in local.resources("ApiGatewayV2::Route").values()
    }
    assert routes == {
        "POST /jobs": "SubmitJob",
        "POST /jobs/{id}/rerun": "SubmitJob",
        "POST /jobs/{id}/cancel": "CancelJob",
        "GET /jobs": "GetJob",
        "GET /jobs/{id}": "GetJob",
        "GET /jobs/{id}/logs": "GetJob",
        "GET /queue": "GetJob",
        "GET /costs": "GetJob",
        "GET /trainings": "GetJob",
        "GET /openapi.json": "GetJob",
        "$default": "GetJob",
    }
    permissions = [
        permission
        for permission in local.resources("Lambda::Permission").values()
        if text(permission["FunctionName"]) != "ReconcileJobsUseCaseFunction.Arn"
    ]
    assert {p["Principal"] for p in permissions} == {"apigateway.amazonaws.com"}
    called = {
        (text(p["FunctionName"]).removesuffix("UseCaseFunction.Arn"), text(p["SourceArn"]).partition("/")[2])
        for p in permissions
    }
    assert called == {
        ("SubmitJob", "*/*/jobs"),
        ("SubmitJob", "*/*/jobs/{id}/rerun"),
        ("CancelJob", "*/*/jobs/{id}/cancel"),
        ("GetJob", "*/*/jobs"),
        ("GetJob", "*/*/jobs/{id}"),
        ("GetJob", "*/*/jobs/{id}/logs"),
        ("GetJob", "*/*/queue"),
        ("GetJob", "*/*/costs"),
        ("GetJob", "*/*/trainings"),
        ("GetJob", "*/*/openapi.json"),
        ("GetJob", "*/*"),
    }


def test_the_routes_are_those_that_the_functions_are_tested_with(local):
    handlers = {
        name.removesuffix("UseCaseFunction"): function["Handler"]
        for name, function in local.resources("Lambda::Function").items()
    }
    tested = {route: f"{handler.__module__}.{handler.__name__}" for route, handler in ROUTES.items()}
    keys = {route["RouteKey"] for route in local.resources("ApiGatewayV2::Route").values()}
    assert keys == tested.keys()
    assert set(tested.values()) <= set(handlers.values())
