"""Our packages in processes of their own, whether or not they are installed beside this Python."""

import os
from collections.abc import Mapping
from pathlib import Path

CLONE = Path(__file__).parent.parent


def with_own_packages(environment: Mapping[str, str]) -> dict[str, str]:
    paths = [str(CLONE), str(CLONE / "training"), environment.get("PYTHONPATH", "")]
    return {**environment, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
