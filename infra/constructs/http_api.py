"""The HTTP API: signed requests only (SigV4), throttled, each one in the access log."""

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.config.model import Api
from infra.constructs.acknowledge import ENCRYPTED_LOGS, accept
from infra.constructs.log_retention import retention

DEFAULT_ROUTE = "$default"
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "caller": "$context.identity.userArn",
    "sourceIp": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "path": "$context.path",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "error": "$context.error.message",
    "integrationError": "$context.integrationErrorMessage",
}


class HttpApi(Construct):
    def __init__(self, scope: Construct, id_: str, *, config: Api, log_retention_days: int) -> None:
        super().__init__(scope, id_)
        self._api = apigateway.HttpApi(
            self,
            "Api",
            description="Pulse: retrodiction training jobs",
            create_default_stage=False,
            default_authorizer=authorizers.HttpIamAuthorizer(),
        )
        log_group = logs.LogGroup(
            self, "AccessLogs", retention=retention(log_retention_days), removal_policy=RemovalPolicy.DESTROY
        )
        accept(log_group, ENCRYPTED_LOGS)
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self._api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=config.rate_per_second, burst_limit=config.burst),
        )
        resource = stage.node.default_child
        assert isinstance(resource, apigateway.CfnStage)  # noqa: S101 - for the type checker
        resource.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=log_group.log_group_arn, format=json.dumps(ACCESS_LOG)
        )

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return self._api.api_endpoint

    @property
    def id(self) -> str:
        return self._api.api_id

    def serve(self, function: lambda_.IFunction, *routes: str) -> None:
        """`routes` by their keys: `POST /jobs`, or `$default` for all that no other route takes."""
        integration = integrations.HttpLambdaIntegration("Function", function)
        for route in routes:
            apigateway.HttpRoute(
                self, route, http_api=self._api, integration=integration, route_key=_route_key(route)
            )


def _route_key(route: str) -> apigateway.HttpRouteKey:
    if route == DEFAULT_ROUTE:
        return apigateway.HttpRouteKey.DEFAULT
    method, path = route.split()
    return apigateway.HttpRouteKey.with_(path, apigateway.HttpMethod[method])
