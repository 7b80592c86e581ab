"""What the children of an array job have written, for the job that follows them."""

from recursive_training.data.s3 import Bucket, StoredObject
from recursive_training.errors import AccessDeniedError, MissingPartError, NoSuchDatasetError
from recursive_training.options import Options
from recursive_training.role import Kind, child_folder

_MOST_NAMED = 10


def folder(options: Options, kind: Kind, index: int) -> str:
    """The key prefix of a child's results, ending in a slash."""
    return options.run_folder + child_folder(kind, index)


def read(results: Bucket, options: Options, kind: Kind, name: str) -> list[StoredObject]:
    """The file of that name of every child, by index.

    Raises MissingPartError that names the children without one, and TrainingError as S3 refuses.
    """
    try:
        found = results.read_all([folder(options, kind, i) + name for i in range(options.role.count)])
    except AccessDeniedError as error:
        raise AccessDeniedError(
            f"{error} Where s3:ListBucket is not allowed either, S3 answers so for an object that is missing."
        ) from error
    missing = [str(index) for index, one in enumerate(found) if isinstance(one, NoSuchDatasetError)]
    if missing:
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        raise MissingPartError(
            f"Run {options.job_id}: of its {len(found)} children these wrote no {name}: "
            f"{', '.join(missing[:_MOST_NAMED])}{more} "
            f"(s3://{results.name}/{folder(options, kind, int(missing[0]))}{name}). "
            "Run this after all of them have succeeded, or submit the run again."
        )
    return [one for one in found if isinstance(one, StoredObject)]
