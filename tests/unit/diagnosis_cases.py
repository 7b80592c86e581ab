"""How jobs end: recorded events, with the last lines of their logs where the event alone does not tell."""

from collections.abc import Sequence
from typing import NamedTuple

from pulse.domain.training.definition import ExitCode
from pulse.domain.training.exit_codes import MEANINGS

LIMIT = "Canceled by JobStateTimeLimit action due to reason: "
NOT_AUTHORIZED = (
    "User: arn:aws:sts::123456789012:assumed-role/PulseCompute-JobRole/0f1e2d3c is not authorized to "
    'perform: s3:GetObject on resource: "arn:aws:s3:::pulse-data/datasets/a b.csv" because no identity-based '
    "policy allows the s3:GetObject action"
)
IN_TRAINING = (
    "2026-03-02 09:33:47,000 - recursive_training - ERROR - s3://pulse-data/datasets/a b.csv: S3 answered "
    "AccessDenied (Access Denied). Allow s3:GetObject on arn:aws:s3:::pulse-data/datasets/a b.csv to the "
    "job's role."
)
_CLIENT_ERROR = "botocore.exceptions.ClientError: An error occurred "
IN_BOTO3 = f"{_CLIENT_ERROR}(AccessDenied) when calling the GetObject operation: "
NO_SUCH_KEY = (
    "botocore.errorfactory.NoSuchKey: An error occurred (NoSuchKey) when calling the GetObject operation: "
    "The specified key does not exist."
)
SLOW_DOWN = (
    f"{_CLIENT_ERROR}(SlowDown) when calling the PutObject operation (reached max retries: 4): Please reduce "
    "your request rate."
)
NUMPY = (
    "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 14.9 GiB for an array with shape "
    "(2000000000,) and data type float64"
)
SHELL = "/bin/sh: line 1:     7 Killed                  python -m recursive_training.run_training"
DASK = (
    "distributed.nanny.memory - WARNING - Worker tcp://127.0.0.1:41113 (pid=31) exceeded 95% memory budget. "
    "Restarting..."
)
ALLOW_SECRET = (
    "Allow secretsmanager:GetSecretValue on arn:aws:secretsmanager:us-east-1:123456789012:secret:pulse/"
    "source-AbCdEf to the role PulseCompute-ExecutionRole"
)

IMAGE = (
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/cdk-hnb659fds-container-assets-123456789012-us-east-1:"
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)
RESOLVING = "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "


RETRY, REPAIR = True, False


class Case(NamedTuple):
    """`words`: what the explanation or the advice holds."""

    event: str
    cause: str
    retry_helps: bool
    words: str
    log: Sequence[str] = ()


RECORDED = [
    Case("out_of_memory", "out-of-memory", REPAIR, "memory_mib"),
    Case("out_of_memory_fargate", "out-of-memory", REPAIR, "memory_mib"),
    Case("several_containers_memory", "out-of-memory", REPAIR, "memory_mib"),
    Case("pod_memory", "out-of-memory", REPAIR, "OOMKilled"),
    Case("killed", "killed", REPAIR, "SIGKILL"),
    Case("killed", "out-of-memory", REPAIR, "more", [SHELL]),
    Case("killed", "out-of-memory", REPAIR, "more", [DASK]),
    Case("error", "out-of-memory", REPAIR, "memory_mib", [NUMPY]),
    Case("error", "out-of-memory", REPAIR, "memory_mib", ["OSError: [Errno 12] Cannot allocate memory"]),
    Case("spot_reclaimed", "spot-reclaimed", RETRY, "the last of 3 attempts"),
    Case("spot_reclaimed_ec2", "spot-reclaimed", RETRY, "attempts of 3"),
    Case("host_lost", "host-lost", RETRY, "with its host"),
    Case("image_not_pulled", "image-not-found", REPAIR, "tag"),
    Case("image_tag_missing_ec2", "image-not-found", REPAIR, "tag"),
    Case("image_repository_missing", "image-not-found", REPAIR, "repository"),
    Case("image_forbidden", "image-forbidden", REPAIR, "403 Forbidden"),
    Case(
        "image_forbidden_ec2",
        "image-forbidden",
        REPAIR,
        "the role PulseCompute-InstanceRole may not do ecr:GetAuthorizationToken on *",
    ),
    Case("image_access_denied_ec2", "image-forbidden", REPAIR, "AmazonECSTaskExecutionRolePolicy"),
    Case("image_rate_limited", "image-rate-limited", REPAIR, "Amazon ECR"),
    Case("image_unreachable", "image-unreachable", REPAIR, "Submit it again"),
    Case("image_unreachable_ec2", "image-unreachable", REPAIR, "network.mode"),
    Case("image_wrong_architecture", "wrong-architecture", REPAIR, "cpu_architecture"),
    Case("wrong_architecture_ec2", "wrong-architecture", REPAIR, "cpu_architecture"),
    Case(
        "exec_format_error",
        "wrong-architecture",
        REPAIR,
        "linux/",
        ["exec /usr/local/bin/python: exec format error"],
    ),
    Case("image_disk_full_ec2", "disk-full", REPAIR, "volume"),
    Case(
        "error", "disk-full", REPAIR, "ephemeral_storage_gib", ["OSError: [Errno 28] No space left on device"]
    ),
    Case("image_not_pulled_otherwise", "image-not-pulled", REPAIR, "diffIDs"),
    Case(
        "registry_auth_denied",
        "access-denied",
        REPAIR,
        "the role PulseCompute-ExecutionRole may not do ecr:GetAuthorizationToken on *",
    ),
    Case("secret_denied", "access-denied", REPAIR, ALLOW_SECRET),
    Case("secret_missing", "secret-not-found", REPAIR, "ARN"),
    Case("registry_unreachable", "network-unreachable", REPAIR, "ecr.api"),
    Case("logs_unreachable", "network-unreachable", REPAIR, "logs"),
    Case("log_group_missing", "log-group-missing", REPAIR, "logConfiguration"),
    Case("log_group_missing_ec2", "log-group-missing", REPAIR, "logConfiguration"),
    Case("volume_not_mounted", "resource-initialization", REPAIR, "EFS"),
    Case("network_interface", "start-timed-out", RETRY, "again"),
    Case("docker_timeout", "start-timed-out", RETRY, "4m0s"),
    Case("no_free_addresses", "no-free-addresses", RETRY, "subnet"),
    Case("no_capacity", "no-capacity", RETRY, "later"),
    Case("quota_reached", "quota-reached", RETRY, "Service Quotas"),
    Case("role_not_assumable", "role-not-assumable", RETRY, "ecs-tasks.amazonaws.com"),
    Case("overrides_too_long", "misconfigured", REPAIR, "8192"),
    Case("command_not_found", "command-not-found", REPAIR, "pythn"),
    Case("ulimit", "ulimit-refused", REPAIR, "nofile"),
    Case("no_gpu", "gpu-unavailable", REPAIR, "gpu: true"),
    Case("container_not_started", "container-not-started", REPAIR, "Duplicate mount point"),
    Case("task_not_started", "task-not-started", RETRY, "console"),
    Case("without_a_word", "never-ended", REPAIR, "lost it"),
    Case("timeout", "timed-out", REPAIR, "timeout_seconds"),
    Case("terminated", "cancelled", RETRY, "not through Pulse"),
    Case("cancelled_through_pulse", "cancelled", RETRY, "through Pulse. "),
    Case("task_stopped", "cancelled", RETRY, "StopTask"),
    Case("time_limit", "exceeds-max-vcpus", REPAIR, "max_vcpus"),
    Case("time_limit_capacity", "no-capacity", RETRY, "on demand"),
    Case("time_limit_requirement", "exceeds-instances", REPAIR, "instance_types"),
    Case("time_limit_unsupported", "instances-unsupported", REPAIR, "instance_types"),
    Case("dependency", "dependency-failed", REPAIR, "first"),
    Case("array_parent", "array-child-failed", REPAIR, "child"),
    Case("array_child", "training-error", REPAIR, "traceback"),
    Case("exit_code", "missing-variable", REPAIR, "exit code 67"),
    Case(
        "error",
        "access-denied",
        REPAIR,
        "Allow s3:GetObject on arn:aws:s3:::pulse-data/datasets/a b.csv to the role PulseCompute-JobRole",
        [IN_BOTO3 + NOT_AUTHORIZED],
    ),
    Case("error", "access-denied", REPAIR, "its role may not do GetObject", [f"{IN_BOTO3}Access Denied"]),
    Case("error", "no-such-dataset", REPAIR, "Drop", [NO_SUCH_KEY]),
    Case("error", "temporary", RETRY, "minutes", [SLOW_DOWN]),
    Case("error", "image-incomplete", REPAIR, "module", ["ModuleNotFoundError: No module named 'polars'"]),
    Case(
        "error",
        "access-denied",
        REPAIR,
        "GetObject",
        ["WARNING - retry", f"{IN_BOTO3}Access Denied", "INFO - goodbye"],
    ),
    *(
        Case("error", "training-error", REPAIR, "traceback", [handled, "ValueError: 3 columns", *after])
        for handled in (
            f"WARNING - no overrides: {IN_BOTO3}Access Denied",
            f"{IN_BOTO3}Access Denied",
            f"ERROR - {NO_SUCH_KEY}",
            "ImportError: no fast JSON",
        )
        for after in ([], ["INFO - goodbye"], [f"WARNING - {SLOW_DOWN}"])
    ),
]

OWN_CODES = {"3": ExitCode(cause="one-class", explanation="All rows have the same label.")}

KNOWN = [
    ({"exit_code": 3, "training": "churn", "exit_codes": OWN_CODES}, "one-class"),
    ({"exit_code": 66, "training": "churn", "on_folder": True}, "no-such-dataset"),
    ({"exit_code": 143}, "interrupted"),
    ({"exit_code": 143, "status_reason": "Your Spot Task was interrupted."}, "spot-reclaimed"),
    ({"exit_code": 137, "status_reason": "Your Spot Task was interrupted."}, "spot-reclaimed"),
    ({"exit_code": 139}, "crashed"),
    ({"exit_code": 127}, "command-not-found"),
    ({"exit_code": 99}, "unknown"),
    ({"exit_code": 99, "log_stream": "a/b"}, "unknown"),
    ({"exit_code": None}, "never-ended"),
    ({"exit_code": None, "ran_seconds": 60.0, "reason": "", "status_reason": ""}, "host-lost"),
    ({"exit_code": None, "ran_seconds": 60.0, "reason": "", "status_reason": "Host lost"}, "host-lost"),
    (
        {
            "exit_code": None,
            "ran_seconds": 60.0,
            "reason": "",
            "status_reason": "Essential container in task exited",
        },
        "host-lost",
    ),
    (
        {"exit_code": None, "ran_seconds": 60.0, "reason": "DeviceLost: gpu 3 fell off the bus"},
        "no-exit-code",
    ),
    (
        {"exit_code": None, "ran_seconds": 60.0, "status_reason": "Stopped by the fleet's owner"},
        "no-exit-code",
    ),
    ({"exit_code": 0, "stopped_by_request": True}, "cancelled"),
    (
        {"exit_code": None, "reason": "CannotStartContainerError: Error response: exec"},
        "container-not-started",
    ),
    ({"reason": f"{RESOLVING}{IMAGE}: not found"[:255]}, "image-not-found"),
    ({"status_reason": "Timeout waiting for EphemeralStorage provisioning to complete."}, "start-timed-out"),
    ({"status_reason": f"{LIMIT}MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS"}, "service-role-permissions"),
    ({"status_reason": f"{LIMIT}ACTION_REQUIRED"}, "compute-environment-invalid"),
    ({"status_reason": f"{LIMIT}UNDETERMINED"}, "undetermined"),
    ({"status_reason": f"{LIMIT}MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT."}, "exceeds-instances"),
    (
        {
            "status_reason": f"{LIMIT}MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - too\nlarge",
            "stopped_by_request": True,
        },
        "exceeds-instances",
    ),
    ({"status_reason": f"{LIMIT}CAPACITY:SOMETHING_NEW"}, "no-capacity"),
    ({"status_reason": f"{LIMIT}SOMETHING:NEW", "stopped_by_request": True}, "stuck-in-queue"),
    ({"status_reason": "Job attempt duration exceeded timeout", "stopped_by_request": True}, "timed-out"),
    ({"status_reason": "Job attempt duration exceeded timeout of 3600 seconds"}, "timed-out"),
    ({"reason": "ErrImagePull: manifest unknown"}, "image-not-pulled"),
    *(({"exit_code": code}, meaning.cause) for code, meaning in MEANINGS.items()),
    *(
        ({"exit_code": code, "foreign": True, "runs_training": True}, meaning.cause)
        for code, meaning in MEANINGS.items()
    ),
    *(({"exit_code": code, "foreign": True}, "unknown") for code in MEANINGS),
    *(
        ({"exit_code": code, "foreign": True}, cause)
        for code, cause in ((126, "command-not-found"), (137, "killed"), (139, "crashed"), (99, "unknown"))
    ),
    (
        {"exit_code": 143, "foreign": True, "status_reason": "Your Spot Task was interrupted."},
        "spot-reclaimed",
    ),
    ({"exit_code": 65, "foreign": True, "reason": "OutOfMemoryError: killed"}, "out-of-memory"),
    ({"exit_code": None, "foreign": True, "reason": "odd", "ran_seconds": 9.0}, "no-exit-code"),
]
AWS_WORDS = [
    "Your Spot Task was interrupted, so I stop it",
    "Dependent Job failed, not needed",
    "Job attempt duration exceeded timeout, I think",
    f"{LIMIT}I say so",
    f"{LIMIT}CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY, says Bob",
    "OutOfMemoryError: I guess",
    "CannotPullContainerError: toomanyrequests",
    "ResourceInitializationError: AccessDenied is not authorized to perform: s3:GetObject on resource: *",
    "Host EC2 (instance i-0abc) terminated.",
]
