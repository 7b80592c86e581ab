"""Where things lie in the two buckets. The training writes below `results/<job id>/` on its own."""

DATASETS = "datasets/"
UPLOADS = f"{DATASETS}uploads/"
"""Of clients that submit the request themselves: an object there starts no job."""
REQUESTS = "requests/"
RESULTS = "results/"
MANIFEST = "manifest.json"

_TABLE_SUFFIXES = (".csv", ".parquet")
_HIDDEN = ("_", ".")


def results_prefix(job_id: str) -> str:
    return f"{RESULTS}{job_id}/"


def metrics_key(job_id: str) -> str:
    return f"{results_prefix(job_id)}metrics.json"


def report_key(job_id: str) -> str:
    return f"{results_prefix(job_id)}report.html"


def s3_uri(bucket: str, key: str) -> str:
    """`s3://bucket/key` as the aws command takes it: the key as it is, not encoded."""
    return f"s3://{bucket}/{key}"


def folder_of(key: str) -> str:
    """The key up to its last slash: `datasets/a/` of `datasets/a/b.csv`."""
    return key[: len(key) - len(name_of(key))]


def name_of(key: str) -> str:
    return key.rpartition("/")[2]


def is_hidden(key: str, below: str) -> bool:
    """Whether a name on the path below a prefix is that of a marker or of something temporary, as Hadoop and
    Spark have it: `_SUCCESS`, `.part-0.csv.crc`, `_temporary/0/part-0.csv`. A prefix may end within a name.
    """
    folder = below[: below.rfind("/") + 1]
    return any(name.startswith(_HIDDEN) for name in key.removeprefix(folder).split("/"))


def is_table(key: str, below: str) -> bool:
    """Whether the training reads the object when it reads the folder `below`; the same rule as in
    training/recursive_training/data/sources.py.
    """
    return key.lower().endswith(_TABLE_SUFFIXES) and not is_hidden(key, below)
