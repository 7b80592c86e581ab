"""The private names of MiniStack that this package goes through; the launcher checks them at start."""

from __future__ import annotations

from localaws.ministack.hooks import Hook

_CFN = "services.cloudformation.provisioners"
_LOGS = "services.cloudwatch_logs"

HOOKS: tuple[Hook, ...] = (
    Hook("app", "_loaded_modules", "puts this engine in the place of the pretended Batch"),
    Hook("app", "_resolve_port", "tells jobs the address of their AWS"),
    Hook("app", "AUTH", "says whether IAM is enforced"),
    Hook(
        "core.iam_actions",
        "extract_iam_action",
        "an invalid call is refused as such, not as forbidden",
        "service, method, path, headers, body, query_params",
    ),
    Hook(
        "core.iam_actions",
        "extract_resource_arn",
        "checks Batch's calls on their own resources",
        "service, method, path, headers, body, query_params, region, account_id",
    ),
    Hook(
        "core.iam_actions",
        "request_tag_context",
        "gives conditions on tags their values",
        "service, iam_action, body, params",
    ),
    Hook(
        "core.iam_actions",
        "identity_denial_message",
        "says why a caller or a role was refused",
        "action, principal_arn, resource, explicit_deny",
    ),
    Hook(
        "core.iam_evaluator",
        "enforce",
        "checks further resources and the roles of tasks",
        "access_key_id, iam_action, service, region, resource_arn, service_context",
    ),
    Hook("core.iam_evaluator", "AuthError", "tells a bad credential from a denial"),
    Hook("core.responses", "get_account_id", "says whose request it is"),
    Hook("core.responses", "get_region", "says which region it is for"),
    Hook("core.responses", "json_response", "answers for ECS", "data, status"),
    Hook("core.responses", "error_response_json", "refuses for ECS", "code, message, status"),
    Hook("core.responses", "request_scope", "acts for a job's account and region", "account_id, region"),
    Hook("core.router", "extract_access_key_id", "says who calls", "headers, query_params"),
    Hook(_CFN, "_RESOURCE_HANDLERS", "deploys Batch by CloudFormation"),
    Hook(_CFN, "_physical_name", "names what a template leaves unnamed", "stack_name, logical_id"),
    Hook(
        _CFN,
        "_seeded_create",
        "replaces a resource under a name of its own",
        "create_fn, logical_id, props, stack_name",
    ),
    Hook(_LOGS, "_create_log_group", "creates the group of a job's output", "data"),
    Hook(_LOGS, "_create_log_stream", "creates the stream of a job's output", "data"),
    Hook(_LOGS, "_put_log_events", "writes a job's output", "data"),
    Hook("services.ec2", "_ACTION_MAP", "describes the instances of jobs"),
    Hook("services.ec2", "_matches_filters", "those that a request asks for", "inst, filters"),
    Hook("services.ec2", "_parse_filters", "and how it asks", "params"),
    Hook("services.ec2", "_parse_member_list", "for which ids", "params, prefix"),
    Hook("services.ec2", "_subnets", "says in which zone an instance is launched"),
    Hook("services.ec2", "_xml", "answers as EC2", "status, root_tag, inner"),
    Hook("services.ecs", "_ACTION_MAP", "tells of the clusters, container instances and tasks of jobs"),
    Hook("services.ecs", "_clusters", "tells a cluster that nobody has from an empty one"),
    Hook("services.ecs", "_resolve_cluster_name", "which cluster a request names", "ref"),
    Hook(
        "services.eventbridge",
        "_put_events",
        "publishes events whose source is aws.batch",
        "data, allow_aws_source",
    ),
    Hook("services.eventbridge", "_now_ts", "gives an event the time at which it happened", ""),
    Hook("services.iam", "_roles", "shows whether a task may assume its role"),
    Hook("services.sts", "_sessions", "ends the credentials of a task"),
    Hook("services.sts", "register_session", "gives a task its role's credentials", "access_key, session"),
)
