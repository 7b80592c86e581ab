"""Which names of instance types AWS Batch takes.

CreateComputeEnvironment refuses another name at once with all that it takes, rather than making an INVALID
environment: https://github.com/aws/amazon-genomics-cli/issues/209. AWS ParallelCluster reads the names from
that refusal (https://github.com/aws/aws-parallelcluster/pull/2071).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from botocore.loaders import Loader

from localaws.batch.errors import refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html
BUNDLES: Mapping[str, tuple[str, ...]] = {
    "optimal": ("c6i", "c7i", "m6i", "r6i"),
    "default_x86_64": ("c6i", "c7i", "m6i", "r6i"),
    "default_arm64": ("c6g", "c7g", "m6g", "r6g"),
}
_NOT_BATCH = ("t", "mac")
"""Families whose names begin so are EC2's, but not AWS Batch's: burstable instances and Macs."""


def check(names: Sequence[str]) -> None:
    """Raises ClientException for a name that is no type, family or bundle that AWS Batch takes."""
    if not set(names) <= BUNDLES.keys() and (set(names) - _known()):
        raise refused(f"Instance type can only be one of [{', '.join(sorted(_known()))}]")


@functools.cache
def _known() -> frozenset[str]:
    """The types that botocore's model of EC2 names, their families, and the bundles.

    The model is not kept: it is forty times as large as all that is read here.
    """
    named = Loader().load_service_model("ec2", "service-2")["shapes"]["InstanceType"]["enum"]
    types = {str(one) for one in named if not one.startswith(_NOT_BATCH)}
    return frozenset(types | {one.partition(".")[0] for one in types} | BUNDLES.keys())
