"""Where things lie in the two buckets. The training writes below `results/<job id>/` on its own."""

DATASETS = "datasets/"
REQUESTS = "requests/"
RESULTS = "results/"


def results_prefix(job_id: str) -> str:
    return f"{RESULTS}{job_id}/"


def metrics_key(job_id: str) -> str:
    return f"{results_prefix(job_id)}metrics.json"


def s3_uri(bucket: str, key: str) -> str:
    """`s3://bucket/key` as the aws command takes it: the key as it is, not encoded."""
    return f"s3://{bucket}/{key}"
