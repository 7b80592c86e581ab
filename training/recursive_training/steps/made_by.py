"""What decides which windows there are and what is retrodicted in them: parts of one run must agree in it."""

from collections.abc import Mapping
from typing import Any

from recursive_training.code_digest import code_digest
from recursive_training.options import Options

_LONGEST = 200  # characters
Origin = dict[str, Any]
"""As JSON has it."""


def made_by(options: Options) -> Origin:
    return {
        "shards": options.role.count,
        "variables": list(options.variables),
        "batch_size_days": options.batch_size_days,
        "start_date": options.start_date and options.start_date.isoformat(),
        "end_date": options.end_date and options.end_date.isoformat(),
        "s3_data_bucket": options.s3_data_bucket,
        "s3_data_prefix": options.s3_data_prefix,
        "dataset_key": options.dataset_key,
        "dataset_version_id": options.dataset_version_id,
        "id_columns": list(options.id_columns),
        "missing_values": list(options.missing_values),
        "model": list(options.model),
        "season": options.season,
        "code_sha256": code_digest(),
    }


def differences(found: Mapping[str, Any], mine: Origin) -> str:
    """What of `found` is not as here, in words, long values cut; empty where all is."""
    differing = [name for name in mine if found.get(name) != mine[name]]
    return ", ".join(
        f"{name} {_short(found.get(name))} instead of {_short(mine[name])}" for name in differing
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
