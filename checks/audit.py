"""Looks every pinned package up among the known vulnerabilities, with pip-audit, and says of how many it
could not: no answer is no finding, so without a network it passes.

    python checks/audit.py

Ends with 1 when a package has a known vulnerability.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LISTS = (
    "requirements.txt",
    *(f"{of}/requirements.txt" for of in ("lambdas", "training", "sidecar", "localaws", "checks")),
)
_AUDIT = ("--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off")


def main() -> int:
    """The exit code of this program."""
    found = 0
    for name in LISTS:
        packages, said = _looked_up(ROOT / name)
        bad = [package for package in packages if package.get("vulns")]
        known = [package for package in packages if "skip_reason" not in package]
        found += len(bad)
        _say(f"{name}: {len(known)} of {len(packages)} packages could be looked up. {said}".rstrip())
        for package in bad:
            ids = ", ".join(one["id"] for one in package["vulns"])
            _say(f"  {package['name']} {package['version']}: {ids}. Raise it: make lock.")
    return min(found, 1)


def _looked_up(requirements: Path) -> tuple[list[dict[str, Any]], str]:
    """What pip-audit says of each package, and why it says nothing where it does not."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements), *_AUDIT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.startswith("{"):
        return [], (done.stderr.strip().splitlines() or ["pip-audit said nothing."])[-1]
    return json.loads(done.stdout)["dependencies"], ""


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
