"""The data container's exit codes are written down where people and Pulse read them."""

import re
from pathlib import Path

from data_sidecar.failure import ExitCode

from pulse.domain.training.data_container import CODES

README = Path(__file__).parents[2] / "sidecar" / "README.md"
_ROW = re.compile(r"^\| (\d+) \| .+ \| (yes)? ?\|$", re.MULTILINE)


def test_the_readme_has_every_code_and_no_other():
    assert [int(code) for code, _ in _ROW.findall(README.read_text())] == sorted(ExitCode)


def test_pulse_explains_only_codes_that_there_are_and_retries_the_same():
    helped = {int(code) for code, again in _ROW.findall(README.read_text()) if again}
    told = {int(code): one for code, one in CODES.items()}
    assert told.keys() <= set(ExitCode)
    assert {code for code, one in told.items() if one.retry_helps} == helped & told.keys()
