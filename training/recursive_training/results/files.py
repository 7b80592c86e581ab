"""Makes the files of a run and stores them.

metrics.json and manifest.json are stored last, so that they vouch for the others.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from recursive_training.data.s3 import Bucket
from recursive_training.errors import ResultsNotWrittenError
from recursive_training.logs import logger
from recursive_training.model import artifact
from recursive_training.model.forecaster import learn
from recursive_training.model.history import HISTORY
from recursive_training.model.inputs import Choice
from recursive_training.results import frames
from recursive_training.results.outcome import Outcome

METRICS, MANIFEST, REPORT, RETRODICTIONS, FORECAST = (
    "metrics.json",
    "manifest.json",
    "report.html",
    "retrodictions.parquet",
    "forecast.parquet",
)
_CONTENT_TYPES = {
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
}
_LONGEST_NAME = 200


def as_json(document: Mapping[str, Any], indent: int | None = 2) -> bytes:
    """Strict JSON: a NaN is a mistake and raises ValueError. What a terminal would obey (control characters,
    marks that turn the direction of text) is escaped, because people print these files.
    """
    text = json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"
    lines = text.split("\n")
    return "\n".join(line if line.isprintable() else _escaped(line) for line in lines).encode()


def _escaped(line: str) -> str:
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def what_comes_next(
    outcomes: Sequence[Outcome], batch_size_days: int, choice: Choice
) -> tuple[dict[str, bytes], list[pl.DataFrame]]:
    """forecast.parquet, and model/<variable>.json for each variable, which made it; and the forecasts.

    It is learned on all that was known at the end of the last window. The variable's name is percent-encoded;
    a long one is cut and ends in its digest.
    """
    files, tables = {}, []
    for outcome in outcomes:
        known = outcome.series.before(outcome.parts[-1].window.end).latest(HISTORY)
        learned = learn(known, batch_size_days, choice)
        tables.append(frames.forecast(learned, known))
        stored = artifact.dump(learned, known)
        files[f"model/{_file_name(outcome.name)}.json"] = as_json(stored, indent=None)
    return {FORECAST: frames.as_parquet(tables), **files}, tables


def _file_name(variable: str) -> str:
    name = quote(variable, safe=" ")
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME]}-{sha256(variable.encode()).hexdigest()[:16]}"


def store(bucket: Bucket, files: Mapping[str, bytes]) -> None:
    """Writes the files, by key, in their order. Raises TrainingError at the first that fails."""
    for key, payload in files.items():
        bucket.write(key, payload, _CONTENT_TYPES.get(Path(key).suffix, "application/octet-stream"))
        logger.info("Wrote s3://%s/%s (%d bytes)", bucket.name, key, len(payload))


def store_locally(path: str, payload: bytes) -> None:
    try:
        Path(path).write_bytes(payload)
    except OSError as error:
        raise ResultsNotWrittenError(
            f"--output-file {path}: {error.strerror}. Name a file that can be written."
        ) from error
    logger.info("Wrote %s (%d bytes)", path, len(payload))
