"""Every private name of MiniStack that this package touches, and why.

They are private functions of a project that releases often. The launcher checks them all before anything
starts and reports the missing ones together, so a version bump fails here and not in the middle of a
deploy. A package that hooks more contributes a table of its own: `localaws.batch.border.hooks.HOOKS`.
"""

import importlib
import inspect
from collections.abc import Iterable
from typing import NamedTuple


class Hook(NamedTuple):
    """`attribute` may be dotted (`Worker.invoke`). `parameters`, when given, are its first parameters, in
    order.
    """

    module: str
    attribute: str
    why: str
    parameters: str = ""


class MissingHooks(Exception):
    def __init__(self, faults: list[str], version: str) -> None:
        self.faults = faults
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(
            f"MiniStack {version} lacks {len(faults)} of the names that localaws hooks:\n{lines}\n"
            "Pin the version of localaws/requirements.in again, or adapt localaws to the new one."
        )


_CFN = "services.cloudformation.provisioners"

HOOKS: tuple[Hook, ...] = (
    Hook("app", "AUTH", "whether IAM is enforced"),
    Hook("app", "app", "the ASGI application: /_localaws is mounted before it", "scope, receive, send"),
    Hook("app", "main", "serves"),
    Hook("app", "_build_persistence_save_dict", "how each service tells its state", ""),
    Hook("app", "_load_persisted_state", "after it, saving begins", ""),
    Hook("app", "save_all", "the last save, on a graceful stop", "services"),
    Hook("app", "_credential_failure", "a wrong signature, as each service says it", "service, iam_action"),
    Hook("app", "_is_ecr_registry_path", "who pushes images signs nothing", "path"),
    Hook("app", "_parse_execute_api_url", "a route of an API lets in whom it will", "host, path"),
    Hook("app", "_parse_lambda_url", "and so does a function URL", "host, path"),
    Hook("app", "pin_request_origin", "loopback counts as TLS", "source_ip, secure_transport"),
    Hook("core.iam_evaluator", "_fnmatch_compile", "wildcards match line breaks", "pattern, ignore_case"),
    Hook("core.iam_evaluator", "_UNSIGNED_LINK_ACTIONS", "links in messages of SNS need no key"),
    Hook("core.iam_evaluator", "AmbiguousAccessKeyError", "one access key of two accounts"),
    Hook("core.iam_evaluator", "AuthError", "a wrong signature", "code, message"),
    Hook("core.iam_evaluator", "CredentialResolutionError", "an access key that is not known"),
    Hook("core.iam_evaluator", "find_iam_access_key_account", "whose an access key is", "access_key_id"),
    Hook("core.iam_evaluator", "is_root_access_key", "only ours is root's", "access_key_id"),
    Hook(
        "core.iam_evaluator", "resolve_credential", "its secret", "access_key_id, account_id, session_token"
    ),
    Hook("core.iam_evaluator", "caller_arn", "who moves messages, and who calls", ""),
    Hook(
        "core.iam_evaluator",
        "enforce",
        "who may learn that a key is missing",
        "access_key_id, iam_action, service, region, resource_arn",
    ),
    Hook("core.iam_evaluator", "_request_origin", "what AWS itself sends (no request at hand) counts as TLS"),
    Hook("core.iam_evaluator", "_gather_role_policies", "what a role may do", "role_name, account_id"),
    Hook("core.iam_evaluator", "_permissions_boundary", "and may at most do", "store, name, account_id"),
    Hook("core.iam_evaluator", "_resource_policy", "what the resource says", "service, resource_arn"),
    Hook("core.iam_evaluator", "EvalContext", "a question to IAM"),
    Hook("core.iam_evaluator", "evaluate", "its answer", "ctx, policies, limits"),
    Hook(
        "core.iam_evaluator",
        "combine_resource_policy",
        "with the resource's own policy",
        "identity, ctx, policy",
    ),
    Hook(
        "core.iam_actions",
        "extract_iam_action",
        "SendMessageBatch is allowed by sqs:SendMessage; calls are counted by action",
        "service, method, path, headers, body, query_params",
    ),
    Hook(
        "core.iam_actions",
        "extract_resource_arn",
        "which repository, queue or log stream a call is about",
        "service, method, path, headers, body, query_params, region, account_id",
    ),
    Hook(
        "core.lambda_runtime", "Worker._drain_stderr_bounded", "50 ms a silent call", "self, first_line_wait"
    ),
    Hook("core.lambda_runtime", "kill_workers", "whatever they are doing, by their _lock", "workers"),
    Hook(
        "core.iam_actions",
        "s3_service_context",
        "whether a write is conditional",
        "iam_action, query_params, path, headers",
    ),
    Hook(
        "core.iam_actions",
        "identity_denial_message",
        "and who may not",
        "action, principal_arn, resource, explicit_deny",
    ),
    Hook("core.lambda_runtime", "execution_credentials", "a function's keys can be guessed", "config"),
    Hook("core.responses", "_account_from_sts_session", "whose a session is", ""),
    Hook("core.router", "detect_service", "which service refuses", "method, path, headers, query_params"),
    Hook("core.router", "extract_access_key_id", "by whom", "headers, query_params"),
    Hook("core.sigv4", "decode_header_value", "headers as they are signed", "value"),
    Hook("core.persistence", "_json_default", "the state as JSON", "obj"),
    Hook("core.persistence", "_state_format_version", "and its version", "service"),
    Hook("services.cloudformation", "_stacks", "operations that a killed server was in"),
    Hook(_CFN, "_RESOURCE_HANDLERS", "create, update, delete of each CloudFormation type"),
    Hook(_CFN, "_STACK_TAG_PROPERTY", "types that stack tags reach: buckets"),
    Hook(_CFN, "_physical_name", "names of placeholders", "stack_name, logical_id"),
    Hook(_CFN, "_ec2_sg_permissions", "rules of a security group", "rules"),
    Hook(
        "services.cloudformation.custom_resource",
        "invoke_custom_resource",
        "waits an hour for a resource that never answers",
        "request_type, logical_id, props",
    ),
    Hook("services.cloudformation.custom_resource", "_response_url", "answers come to our address", "token"),
    Hook("services.cloudformation.wait_conditions", "handle_url", "and signals", "token"),
    Hook("services.cloudformation.wait_conditions", "_token_of", "whose token is read there", "url"),
    Hook("services.dynamodb", "_update_ttl", "TTL of a template", "data"),
    Hook("services.dynamodb", "_put_item", "the capacity that it consumes", "data"),
    Hook("services.dynamodb", "_get_item", "the capacity that it consumes", "data"),
    Hook("services.dynamodb", "_update_item", "the capacity that it consumes", "data"),
    Hook("services.dynamodb", "_delete_item", "the capacity that it consumes", "data"),
    Hook("services.dynamodb", "_query", "the capacity that it consumes", "data"),
    Hook("services.dynamodb", "_batch_get_item", "the capacity that it consumes", "data"),
    Hook("services.dynamodb", "_transact_write_items", "the capacity that it consumes", "data"),
    Hook("services.dynamodb", "_update_continuous_backups", "PITR of a template", "data"),
    Hook("services.ec2", "_ACTION_MAP", "operations that are missing: Spot prices"),
    Hook("services.ec2", "_error", "how they are refused", "code, message, status"),
    Hook("services.ec2", "_p", "a parameter of a request", "params, key"),
    Hook("services.ec2", "_parse_filters", "its filters", "params"),
    Hook("services.ec2", "_parse_member_list", "its lists", "params, prefix"),
    Hook("services.ec2", "_security_groups", "rules declared apart from their group"),
    Hook("services.ec2", "_xml", "an answer", "status, root_tag, inner"),
    Hook("services.ecr", "_get_authorization_token", "its password is known to everybody", "data"),
    Hook("services.ecr", "_describe_images", "a missing image is an error", "data"),
    Hook("services.ecr", "_find_image", "which image is missing", ""),
    Hook("services.eventbridge", "_dispatch_event", "version-id in Object Created", "event"),
    Hook("services.iam", "_roles", "permissions boundaries"),
    Hook(
        "services.lambda_svc",
        "_emit_lambda_logs",
        "logs need the role's permission",
        "func, request_id, log_text",
    ),
    Hook(
        "services.lambda_svc",
        "_put_function_concurrency",
        "reserved concurrency of a template",
        "func_name, data",
    ),
    Hook("services.lambda_svc", "execution_credentials", "imported by its name", "config"),
    Hook("services.lambda_svc", "_prune_orphan_code_blobs", "not before the state is written", "referenced"),
    Hook("services.lambda_svc", "_delete_function_concurrency", "and its removal", "func_name"),
    Hook("services.lambda_svc", "_update_config", "dead-letter queue of a template", "name, data"),
    Hook(
        "services.lambda_svc",
        "_sqs_esm_concurrency",
        "asked before each poll: a mapping polls with the function's role",
        "esm, func_rec, config, queue",
    ),
    Hook("services.lambda_svc", "_run_sqs_batch", "and deletes with it", "esm, func_rec, event, batch"),
    Hook("services.cloudwatch_logs", "_log_groups", "a group that is not there must be created"),
    Hook("core.responses", "get_account_id", "whose request it is"),
    Hook("core.responses", "get_region", "where it is"),
    Hook("services.s3", "_resolve_sse_write_headers", "SSE-KMS without a key id", "headers, bucket_name"),
    Hook("services.s3", "_fire_s3_event", "version-id in Object Created", "bucket_name, key, event_name"),
    Hook("services.s3", "_put_bucket_lifecycle", "lifecycle rules of a template", "name, body"),
    Hook("services.s3", "_delete_bucket_lifecycle", "and their removal", "name"),
    Hook("services.s3", "_put_bucket_encryption", "encryption of a template", "name, body"),
    Hook("services.s3", "_delete_bucket_encryption", "and its removal", "name"),
    Hook("services.s3", "_put_bucket_tagging", "tags of a template", "name, body"),
    Hook("services.s3", "_delete_bucket_tagging", "and their removal", "name"),
    Hook("services.s3", "_put_bucket_ownership_controls", "ownership of a template", "name, body"),
    Hook("services.s3", "_delete_bucket_ownership_controls", "and its removal", "name"),
    Hook("services.s3", "_put_bucket_logging", "access logs of a template", "name, body"),
    Hook("services.s3", "_get_object", "a range of a version", "bucket_name, key, headers, query_params"),
    Hook("services.s3", "_head_object", "a range of it", "bucket_name, key, headers, query_params"),
    Hook("services.s3", "_parse_range", "what a Range means", "range_header, total"),
    Hook("services.s3", "_range_error_xml", "that it is out of bounds", "bucket_name, key"),
    Hook("services.s3", "_xml_body", "as S3 writes it"),
    Hook("services.s3", "_ensure_bucket", "whether there is a bucket to list", "name"),
    Hook("services.s3", "_error", "as S3 refuses", "code, message, status, resource"),
    Hook("services.eventbridge", "_invoke_target", "a schedule sends with its role", "target, event, rule"),
    Hook("services.scheduler", "_SCHEDULE_TICK_INTERVAL", "10 s between two looks at the clock"),
    Hook("services.scheduler", "_create_schedule", "a schedule's role must be passed", "name, body"),
    Hook("services.scheduler", "_update_schedule", "and again when it changes", "name, body"),
    Hook("services.secretsmanager", "_resolve", "a secret by its ARN", "secret_id"),
    Hook("services.sts", "register_session", "the keys of a function", "access_key, session"),
    Hook("services.sts", "is_root_access_key", "imported by its name", "access_key_id"),
    Hook("services.sns", "_fanout", "e-mail goes to the inbox", "topic_arn, msg_id, message, subject"),
    Hook("services.sns", "_topic_by_arn_any_scope", "who subscribes", "topic_arn"),
    Hook(
        "services.sns", "_resolve_message_for_protocol", "MessageStructure=json", "message, message_structure"
    ),
    Hook("services.sns", "_matches_filter_policy", "who wants it", "sub"),
    Hook("services.sns", "_build_envelope", "email-json"),
    Hook("services.sns", "_find_subscription", "one subscription", "topic_arn, sub_arn"),
    Hook(
        "services.sns",
        "_send_subscription_confirmation",
        "http(s) subscriptions of a template",
        "topic_arn, sub",
    ),
    Hook("services.sqs", "_HANDLERS", "operations that are missing: moves of messages"),
    Hook("services.sqs", "_Err", "how they are refused", "code, message, status"),
    Hook("services.sqs", "_get_q", "which queue a URL names", "url"),
    Hook("services.sqs", "_queue_by_arn", "from which queue, to which", "arn"),
    Hook("services.sqs", "_queues", "which queues it is the dead-letter queue of"),
    Hook("services.sqs", "esm_wake", "tells event source mappings of the messages"),
    Hook(
        "services.sqs", "_delete_messages_for_esm", "a mapping deletes with the function's role", "queue_url"
    ),
)


def check(hooks: Iterable[Hook], package: str = "ministack") -> None:
    """Raises MissingHooks naming every hook that is not there, or takes other parameters than we pass."""
    faults = [fault for hook in hooks if (fault := _fault(hook, package))]
    if faults:
        raise MissingHooks(faults, _version(package))


def _fault(hook: Hook, package: str) -> str | None:
    name = f"{package}.{hook.module}"
    try:
        found: object = importlib.import_module(name)
    except ImportError as error:
        return f"{name}: cannot be imported ({error}); needed: {hook.why}"
    for part in hook.attribute.split("."):
        if not hasattr(found, part):
            return f"{name}.{hook.attribute}: not there; needed: {hook.why}"
        found = getattr(found, part)
    wanted = hook.parameters.replace(",", " ").split()
    if wanted and callable(found):
        actual = list(inspect.signature(found).parameters)[: len(wanted)]
        if actual != wanted:
            takes = f"takes ({', '.join(actual)}), not ({', '.join(wanted)})"
            return f"{name}.{hook.attribute}: {takes}; needed: {hook.why}"
    return None


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - only on failure

    try:
        return version(package)
    except PackageNotFoundError:
        return "(unknown version)"
