"""Ranks the combinations of a sweep, best first.

By mean MASE over the variables, lowest first: it has no unit, so it can be averaged over variables and
compared between periods. Equal ones by mean trust, highest first. Where no MASE is defined, last.
"""

import json
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from recursive_training import grid
from recursive_training.data.s3 import Bucket, StoredObject
from recursive_training.errors import MissingPartError
from recursive_training.logs import logger
from recursive_training.options import Options
from recursive_training.resources import usage
from recursive_training.results import files as results
from recursive_training.results import report
from recursive_training.role import Kind, child_folder
from recursive_training.steps import children
from recursive_training.steps.completion import store

SUMMARY = "summary.json"
RANKED_BY = "mean MASE over the variables, lowest first; equal ones by mean trust, highest first"


def summarize(options: Options, _data: Bucket, bucket: Bucket, started: float) -> None:
    """Writes summary.json, report.html, the best combination's metrics.json and a manifest.

    Raises TrainingError.
    """
    stored = children.read(bucket, options, Kind.COMBINATION, results.METRICS)
    found = [_parsed(one) for one in stored]
    places = [
        f"s3://{bucket.name}/{children.folder(options, Kind.COMBINATION, i)}" for i in range(len(found))
    ]
    ranking = rank(grid.combinations(options.role.grid), found, places)
    head = {"job_id": options.job_id, "ranked_by": RANKED_BY}
    best = found[ranking[0]["index"]]
    files = {
        SUMMARY: results.as_json(head | {"ranking": ranking}),
        results.REPORT: report.render_ranking(head, _with_reports(ranking), list(options.role.grid), best),
        results.METRICS: results.as_json(best | {"ranking": ranking}),
    }
    read = [{"key": s.key, "version_id": s.version_id, "etag": s.etag, "sha256": s.sha256} for s in stored]
    store(options, bucket, files, {"bucket": bucket.name, "objects": read}, lambda: usage(started))
    logger.info(
        "Best of %d combinations: %d, %s, mean MASE %s",
        len(ranking), ranking[0]["index"], ranking[0]["options"], report.number(ranking[0]["mean_mase"]),
    )  # fmt: skip


def rank(
    combinations: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]], places: Sequence[str]
) -> list[dict[str, Any]]:
    """`found`: the metrics.json of each combination; `places`: where its results lie. Means may be None."""
    rows = [
        {
            "index": index,
            "options": options,
            "mean_mase": _mean(metrics, "mase"),
            "mean_trust": _mean(metrics, "trust"),
            "mean_skill": _mean(metrics, "skill_vs_persistence"),
            "results": place,
        }
        for index, (options, metrics, place) in enumerate(zip(combinations, found, places, strict=True))
    ]
    return [{"rank": rank, **row} for rank, row in enumerate(sorted(rows, key=_order), start=1)]


def _order(row: dict[str, Any]) -> tuple[bool, float, float, int]:
    mase, trust = row["mean_mase"], row["mean_trust"]
    return mase is None, mase or 0.0, -(trust or 0.0), row["index"]


def _mean(metrics: dict[str, Any], name: str) -> float | None:
    values = [v[name] for v in metrics["variables"].values() if v[name] is not None]
    return fmean(values) if values else None


def _with_reports(ranking: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """With the address of each combination's report, relative to that of the summary."""
    return [
        row | {"report": child_folder(Kind.COMBINATION, row["index"]) + results.REPORT} for row in ranking
    ]


def _parsed(stored: StoredObject) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(stored.payload)
        for name in ("mase", "trust", "skill_vs_persistence"):
            _mean(document, name)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MissingPartError(f"{stored.uri} holds no metrics. Submit the run again.") from error
    return document
