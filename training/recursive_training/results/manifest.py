"""manifest.json: what a run read, with what it worked, what it wrote. Enough to run it again and compare."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from recursive_training import __version__
from recursive_training.code_digest import code_digest
from recursive_training.options import Options
from recursive_training.resources import Usage

_LIBRARIES = ("boto3", "botocore", "jinja2", "numpy", "polars")


def manifest(
    options: Options,
    read: Mapping[str, object],
    written: Mapping[str, bytes],
    used: Usage,
    now: datetime,
) -> dict[str, Any]:
    """`read`: a bucket and its objects. `written` maps each key to its bytes. `now` is aware."""
    return {
        "job_id": options.job_id,
        "finished_at": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "read": read,
        "options": {
            k: v if isinstance(v, bool | int | dict | None) else _text(v) for k, v in asdict(options).items()
        },
        "code": {"version": __version__, "sha256": code_digest()},
        "libraries": libraries(options.use_dask),
        "platform": {
            "python": platform.python_version(),
            "system": platform.system(),
            "machine": platform.machine(),
        },
        "written": {
            "bucket": options.s3_results_bucket,
            "objects": [
                {"key": key, "bytes": len(payload), "sha256": sha256(payload).hexdigest()}
                for key, payload in written.items()
            ],
        },
        "peak_memory_mib": used.peak_memory_mib,
        "cpu_seconds": used.cpu_seconds,
        "wall_seconds": used.wall_seconds,
    }


def libraries(use_dask: bool) -> dict[str, str]:
    return {name: version(name) for name in (*_LIBRARIES, *(("dask", "distributed") if use_dask else ()))}


def _text(value: object) -> object:
    return list(value) if isinstance(value, tuple) else str(value)
