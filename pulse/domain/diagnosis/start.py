"""Jobs whose container could not be started: roles, network, log group, secrets, command. They wrote no log.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from pulse.domain.diagnosis.evidence import Row, reason_starts
from pulse.domain.diagnosis.image import DENIED, ROUTE, STARTS, UNREACHABLE

_PREPARE = ("ResourceInitializationError", *STARTS)

START = (
    Row(
        reason_starts(*_PREPARE, about=DENIED),
        "access-denied",
        "The container could not be prepared, because a permission is missing{denial.clause}.",
        "{denial.remedy} (the job's execution role, not its job role), then submit the job again.",
        retry_helps=False,
    ),
    Row(
        reason_starts(*_PREPARE, about=UNREACHABLE),
        "network-unreachable",
        "The container could not be prepared, because AWS (Amazon ECR, Secrets Manager or CloudWatch Logs) "
        "could not be reached from the job's subnets.",
        ROUTE,
        retry_helps=False,
    ),
    Row(
        reason_starts(*_PREPARE, about=("logger args", "log group", "logging driver", "log stream")),
        "log-group-missing",
        "The job's log group does not exist, or its log configuration is incomplete.",
        "Deploy again, which creates the log group, or correct logConfiguration in the job definition.",
        retry_helps=False,
    ),
    Row(
        reason_starts(*_PREPARE, about=("secret", "parameter")),
        "secret-not-found",
        "A secret or parameter that the job definition names does not exist or has no value.",
        "Create it, or correct its ARN in the job definition's secrets.",
        retry_helps=False,
    ),
    Row(
        reason_starts(*_PREPARE, about=("ulimit", "rlimit")),
        "ulimit-refused",
        "The job definition asks for a ulimit that the host does not allow.",
        "Lower or remove ulimits in the job definition. Fargate allows nofile only.",
        retry_helps=False,
    ),
    Row(
        reason_starts(*_PREPARE, about=("nvidia", "gpu", "cuda")),
        "gpu-unavailable",
        "The host offers the container no GPU: it has none, or no driver.",
        "Give the queue's compute environment instance_types with GPUs and the machine image for them "
        "(gpu: true).",
        retry_helps=False,
    ),
    Row(
        reason_starts(
            *STARTS, about=("executable file not found", "no such file or directory", "permission denied")
        ),
        "command-not-found",
        "The job's command does not exist in the image, or may not be executed.",
        "Correct the command of the job or of the job definition, or the image.",
        retry_helps=False,
    ),
    Row(
        reason_starts(*STARTS),
        "container-not-started",
        "The container could not be started. It wrote no log.",
        "Repair the command or the image that the reason names, then submit the job again.",
        retry_helps=False,
    ),
    Row(
        reason_starts("ResourceInitializationError"),
        "resource-initialization",
        "What the container needs (network, volumes, secrets, logs) could not be prepared.",
        "Repair what the reason names, then submit the job again.",
        retry_helps=False,
    ),
    Row(
        reason_starts(
            "Timeout waiting for",
            "Network interface provision",
            "Rate limit exceeded while preparing",
            "DockerTimeoutError",
            "ContainerRuntimeTimeoutError",
            "CannotInspectContainerError",
        ),
        "start-timed-out",
        "AWS took too long to start the container: its network interface, its storage or its host.",
        "Submit it again; with more attempts it tries again by itself.",
        retry_helps=True,
    ),
    Row(
        reason_starts("Unexpected EC2 error", about=("insufficientfreeaddresses",)),
        "no-free-addresses",
        "The job's subnet has no free address left.",
        "Submit it again when fewer jobs run, or give the network larger or more subnets.",
        retry_helps=True,
    ),
    Row(
        reason_starts("Capacity is unavailable"),
        "no-capacity",
        "AWS had no capacity for the job.",
        "Submit it again later, or with a profile whose queue has other compute environments.",
        retry_helps=True,
    ),
    Row(
        reason_starts(
            "You've reached the limit on the number of", "You’ve reached the limit on the number of"
        ),
        "quota-reached",
        "The account's quota of vCPUs or tasks that run at once is used up.",
        "Submit it again when fewer jobs run, or ask AWS for a higher quota (Service Quotas, AWS Fargate).",
        retry_helps=True,
    ),
    Row(
        reason_starts("ECS was unable to assume the role"),
        "role-not-assumable",
        "Amazon ECS may not assume the job's role or execution role: IAM does not know it everywhere yet, or "
        "it was deleted or does not trust ECS.",
        "Submit it again if the role was deployed minutes ago. Otherwise deploy again, or let the role's "
        "trust policy name ecs-tasks.amazonaws.com.",
        retry_helps=True,
    ),
    Row(
        reason_starts(
            "Container Overrides length must be at most",
            "No Fargate configuration exists",
            "Fargate requires",
        ),
        "misconfigured",
        "Amazon ECS does not accept the job as it was submitted.",
        "Correct what the reason names, in the request, the profile or the job definition.",
        retry_helps=False,
    ),
)
