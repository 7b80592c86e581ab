"""Jobs whose container image could not be pulled or does not fit the host.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
"""

from pulse.domain.diagnosis.evidence import Evidence, Row, either, logs, reason_starts

STARTS = ("CannotStartContainerError", "CannotCreateContainerError")
DENIED = ("not authorized to perform", "accessdenied")
UNREACHABLE = (
    "i/o timeout", "dial tcp", "connection issue", "network configuration", "request canceled",
    "requestcanceled", "request send failed", "send request failed", "context canceled",
    "context deadline exceeded", "tls handshake timeout", "connection reset", "connection refused",
    "no such host",
)  # fmt: skip
ROUTE = (
    "Give the job's subnets a way out (network.mode public or nat), or endpoints for ecr.api, ecr.dkr, s3, "
    "logs and secretsmanager (network.mode endpoints), with security groups that let port 443 through."
)
_PULL = "CannotPull"  # CannotPullContainerError, CannotPullECRContainerError
_PULL_ON_EKS = ("ErrImagePull", "ImagePullBackOff")
_PULL_DENIED = (
    *DENIED, "access denied", "403 forbidden", "401 unauthorized", "no basic auth credentials",
    "role has the permissions",
)  # fmt: skip
_LONGEST_REASON = 255
"""The limit for a container's reason: https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerDetail.html"""
_RESOLVING = "failed to resolve ref"
_OTHERWISE = ("unexpected status", "failed to do request", "access denied")


def _cut_in_its_name(known: Evidence) -> bool:
    """The longest text that there is ends within the image's name or soon after it, before it tells why. What
    is short enough to end there is "not found": everything else that AWS says begins with _OTHERWISE.
    """
    pulls = [text for text in known.reasons if text.startswith(_PULL)]
    longest = max(pulls, key=len, default="")
    why = longest.partition(_RESOLVING)[2]
    return len(longest) == _LONGEST_REASON and bool(why) and not any(word in why for word in _OTHERWISE)


IMAGE = (
    Row(
        reason_starts(_PULL, about=("toomanyrequests", "too many requests", "pull rate limit")),
        "image-rate-limited",
        "The registry refused to hand out the container image so often in so short a time (Docker Hub counts "
        "pulls by address and six hours).",
        "Submit it again later, or copy the image to Amazon ECR and name that one in the job definition.",
        retry_helps=False,
    ),
    Row(
        either(
            reason_starts(_PULL, about=("descriptor matching platform", "no matching manifest")),
            reason_starts(*STARTS, about=("exec format error",)),
            logs("exec format error"),
        ),
        "wrong-architecture",
        "The image is built for another CPU architecture than the job runs on.",
        "Set container.cpu_architecture in the configuration to that of the image, or build the image for it "
        "(docker build --platform linux/amd64 or linux/arm64).",
        retry_helps=False,
    ),
    Row(
        either(
            reason_starts(_PULL, *STARTS, about=("no space left on device",)),
            logs("No space left on device", "Disk quota exceeded"),
        ),
        "disk-full",
        "The disk is too small for the image or for what the job writes.",
        "Raise container.ephemeral_storage_gib (Fargate) or the instances' volume (EC2), or write less.",
        retry_helps=False,
    ),
    Row(
        reason_starts(_PULL, about=_PULL_DENIED),
        "image-forbidden",
        "The container image may not be pulled{denial.clause}. A registry says the same of a repository that "
        "does not exist.",
        "Check that the repository exists in Amazon ECR, that the execution role (on EC2 the instance role) "
        "has AmazonECSTaskExecutionRolePolicy, and that the repository's policy allows it.",
        retry_helps=False,
    ),
    Row(
        reason_starts(_PULL, about=UNREACHABLE),
        "image-unreachable",
        "The registry of the container image could not be reached, though Amazon ECS tried several times.",
        f"Submit it again in a few minutes. If that fails too: {ROUTE[0].lower()}{ROUTE[1:]}",
        retry_helps=False,
    ),
    Row(
        reason_starts(_PULL, about=("not found", "manifest unknown", "does not exist", "name unknown")),
        "image-not-found",
        "The container image does not exist under this tag, or its repository does not.",
        "Deploy again, which pushes the image to Amazon ECR, or name an image in the job definition that is "
        "there.",
        retry_helps=False,
    ),
    Row(
        _cut_in_its_name,
        "image-not-found",
        "The container image could not be resolved: most often it does not exist under this tag, or its "
        "repository does not. AWS Batch's words are cut off before the reason.",
        "Deploy again, which pushes the image to Amazon ECR, or name an image in the job definition that is "
        "there.",
        retry_helps=False,
    ),
    Row(
        reason_starts(_PULL, *_PULL_ON_EKS),
        "image-not-pulled",
        "The container image could not be pulled.",
        "Check that the job definition's image exists and that execution role and network reach ECR.",
        retry_helps=False,
    ),
)
