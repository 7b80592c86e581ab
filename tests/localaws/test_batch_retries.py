"""evaluateOnExit: which attempts are tried again."""

import pytest

from localaws.batch.scheduling.retries import Outcome, tries_again


def outcome(exit_code=1, reason=None, status_reason="Essential container in task exited", *, final=False):
    return Outcome(exit_code, status_reason, 0, reason, final=final)


@pytest.mark.parametrize(
    ("rules", "ended", "again"),
    [
        ([], outcome(), True),
        ([], outcome(0), False),
        ([], outcome(final=True), False),
        ([{"action": "EXIT", "onExitCode": "1"}], outcome(), False),
        ([{"action": "exit", "onExitCode": "1*"}], outcome(137), False),
        ([{"action": "EXIT", "onExitCode": "1"}], outcome(137), True),
        ([{"action": "EXIT", "onExitCode": "0"}], outcome(None), True),
        (
            [
                {"action": "retry", "onReason": "CannotPullContainerError:*"},
                {"action": "EXIT", "onReason": "*"},
            ],
            outcome(None, "CannotPullContainerError: x"),
            True,
        ),
        (
            [{"action": "RETRY", "onStatusReason": "Host EC2*"}, {"action": "EXIT", "onReason": "*"}],
            outcome(),
            False,
        ),
        ([{"action": "EXIT", "onReason": "x", "onExitCode": "1"}], outcome(), True),
        ([{"action": "EXIT", "onExitCode": "*"}], outcome(None), True),
        ([{"action": "EXIT", "onStatusReason": "Essential container in task exited"}], outcome(), False),
        ([{"action": "EXIT", "onStatusReason": "Essential"}], outcome(), True),
        ([{"action": "Exit", "onStatusReason": "Essential*", "onExitCode": "1"}], outcome(), False),
        ([{"action": "RETRY", "onExitCode": "1"}, {"action": "EXIT", "onExitCode": "1"}], outcome(), True),
        ([{"action": "RETRY", "onStatusReason": "*"}], outcome(final=True), False),
    ],
)
def test_the_first_rule_that_matches_decides_and_none_means_retry(rules, ended, again):
    assert tries_again({"attempts": 3, "evaluateOnExit": rules}, 1, ended) is again


def test_the_last_attempt_is_the_last():
    assert not tries_again({"attempts": 2, "evaluateOnExit": []}, 2, outcome())
