"""What MiniStack leaves out and AWS does, one gap a file, each with an `install`."""

import importlib

GAPS = (
    "alarms",
    "batched_messages",
    "bucket_properties",
    "conditional_writes",
    "custom_resources",
    "ecr",
    "email",
    "event_source_roles",
    "function_credentials",
    "function_properties",
    "iam_wildcards",
    "instance_permissions",
    "lambda_logs",
    "log_resources",
    "message_moves",
    "missing_keys",
    "network_placeholders",
    "object_ranges",
    "object_version_events",
    "root_key",
    "s3_managed_key",
    "schedule_roles",
    "schedules",
    "secret_ids",
    "secure_loopback",
    "spot_prices",
    "sns_confirmation",
    "table_properties",
    "worker_drain",
    "worker_updates",
)


def install() -> None:
    """Puts every gap's filling in place. Called in the server, before it serves, after the hooks are
    checked.
    """
    for gap in GAPS:
        importlib.import_module(f"localaws.gaps.{gap}").install()
