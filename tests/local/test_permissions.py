"""Least privilege, proved: for want of any one statement of any role something on the path is denied."""

import pytest

from tests.local.denials import Watch
from tests.local.deployment import Deployment
from tests.local.doors import Walk
from tests.local.iam_statements import Missing, all_statements, distinct
from tests.local.leftovers import leave_nothing

pytestmark = pytest.mark.local
ROLES = 9
"""Six functions, the job, its start, and the schedules of what is overdue."""


def test_should_be_denied_without_any_one_statement(own_pulse: Deployment):
    """All statements are taken away that a denial can tell apart. Each is given back when something is denied
    for want of it, and what was denied is tried again: whoever comes through all doors needed what is back.
    """
    statements = list(all_statements(own_pulse))
    assert len({statement.role for statement in statements}) == ROLES

    for part in distinct(statements):
        missing = Missing(own_pulse, part)
        watch = Watch.begun(own_pulse, missing)
        with missing.away():
            Walk(watch).all_doors()
            assert not missing.statements, f"Nobody missed {', '.join(map(str, missing.statements))}"
        leave_nothing(own_pulse)

    Walk(Watch.begun(own_pulse)).all_doors()
