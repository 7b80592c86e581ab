"""Where things lie in the two buckets. The training writes below `results/<job id>/` on its own."""

from pulse.domain.s3.table_names import Suffixes, ends_like_table

DATASETS = "datasets/"
UPLOADS = f"{DATASETS}uploads/"
"""Data sets of clients that submit the request themselves: an object there starts no job."""
REQUESTS = "requests/"
RESULTS = "results/"
CHECKPOINTS = "checkpoints/"
"""Checkpoints of a running job, in a folder by its id; its next attempt goes on from there."""
MANIFEST = "manifest.json"
METRICS = "metrics.json"
REPORT = "report.html"

FOLDER_MARK = "_$folder$"
"""How the key of the empty object ends by which EMR and s3n mark a folder."""
_HIDDEN = ("_", ".", "~$")


def results_prefix(job_id: str) -> str:
    return f"{RESULTS}{job_id}/"


def checkpoints_prefix(job_id: str) -> str:
    return f"{CHECKPOINTS}{job_id}/"


def claim_keys(job_id: str, child: int | None) -> list[str]:
    """Where the claim of a run lies; of an array's child, which is a shard or a combination of a sweep, where
    it may.
    """
    folders = [""] if child is None else [f"shards/{child}/", f"sweep/{child}/"]
    return [f"{results_prefix(job_id)}{folder}claim.json" for folder in folders]


def s3_uri(bucket: str, key: str) -> str:
    """`s3://bucket/key` as the aws command takes it: the key as it is, not encoded."""
    return f"s3://{bucket}/{key}"


def folder_of(key: str) -> str:
    """The key up to its last slash: `datasets/a/` of `datasets/a/b.csv`."""
    return key[: len(key) - len(name_of(key))]


def name_of(key: str) -> str:
    return key.rpartition("/")[2]


def is_hidden(key: str, below: str) -> bool:
    """Whether a name on the path below a prefix is that of a marker or of something temporary, as Hadoop,
    Spark and Office have it: `_SUCCESS`, `.part-0.csv.crc`, `_temporary/0/part-0.csv`, `raw_$folder$`,
    `~$book.xlsx`. A prefix may end within a name.
    """
    folder = below[: below.rfind("/") + 1]
    names = key.removeprefix(folder).split("/")
    return any(name.startswith(_HIDDEN) or name.endswith(FOLDER_MARK) for name in names)


def is_table(key: str, below: str, suffixes: Suffixes) -> bool:
    """Whether the training reads the object when it reads the folder `below`: the rule of
    training/recursive_training/data/names.py, whose list `suffixes` is.
    """
    return ends_like_table(key, suffixes) and not is_hidden(key, below)
