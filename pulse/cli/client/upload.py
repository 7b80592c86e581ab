"""A data set from this machine: uploaded under its content's hash, so that the same file is uploaded once."""

import hashlib
from pathlib import Path
from typing import Any

import typer
from recursive_training.data.names import TABLE_SUFFIXES

from pulse.aws.client.uploads import Stored, Uploads
from pulse.cli import output
from pulse.cli.client.connection import VARIABLES, Deployment
from pulse.domain.errors import Misconfigured, Unavailable
from pulse.domain.fault import printable, shown
from pulse.domain.s3.layout import UPLOADS, s3_uri
from pulse.domain.s3.table_names import advice, endings, ends_like_table
from pulse.domain.training.definition import RETRODICTION

HASH_CHARACTERS = 16
HINT = "'--upload'"


def key_of(file: Path, training: str | None = None) -> str:
    """`datasets/uploads/<the first 16 digits of its SHA-256>/<its name>`. Raises typer.BadParameter."""
    _check(file, is_table=training in {None, RETRODICTION})
    try:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise typer.BadParameter(
            f"{printable(str(file))} cannot be read: {error.strerror}", param_hint=HINT
        ) from error
    return f"{UPLOADS}{digest[:HASH_CHARACTERS]}/{file.name}"


def upload(file: Path, deployment: Deployment, training: str | None = None) -> dict[str, Any]:
    """The fields of a request that name what was uploaded. `training`: the one that it is for, whose data may
    have any suffix; None for retrodiction. Raises typer.BadParameter for a file that is no
    data set, Misconfigured when the bucket is not known or denied, Unavailable.
    """
    key = key_of(file, training)
    bucket = deployment.known("DataBucket")
    if not bucket:
        raise Misconfigured(
            f"Which bucket holds the data sets is not known: set {VARIABLES['DataBucket']}, or leave out "
            f"--api-url so that the stack {deployment.stack} is asked."
        )
    uploads = Uploads(deployment.session, bucket)
    size = file.stat().st_size
    stored = uploads.find(key)
    if stored and stored.size_bytes == size:
        output.messages.print(f"Already there: {printable(s3_uri(bucket, key))}", markup=False)
    else:
        stored = _send(uploads, file, key, size)
        output.messages.print(f"Uploaded: {printable(s3_uri(bucket, key))}", markup=False)
    version = {"dataset_version_id": stored.version_id} if stored.version_id else {}
    return {"dataset": key, **version}


def _send(uploads: Uploads, file: Path, key: str, size: int) -> Stored:
    with output.transfer("Uploading", size) as on_bytes:
        uploads.send(file, key, on_bytes)
    stored = uploads.find(key)
    if stored is None or stored.size_bytes != size:
        raise Unavailable(f"{printable(str(file))} changed or vanished while it was uploaded. Run it again.")
    return stored


def _check(file: Path, *, is_table: bool) -> None:
    wrong = None
    if is_table and not ends_like_table(file.name, TABLE_SUFFIXES):
        names = endings(TABLE_SUFFIXES)
        wrong = f"a file whose name ends in {names}, not {shown(file.name)}. {advice(file.name)}".rstrip()
    elif not file.is_file():
        wrong = f"{printable(str(file))} is no file"
    elif not file.stat().st_size:
        wrong = f"{printable(str(file))} is empty"
    elif not file.name.isprintable():
        wrong = f"a file whose name is printable, not {shown(file.name)}"
    if wrong:
        raise typer.BadParameter(wrong, param_hint=HINT)
