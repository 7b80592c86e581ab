import pytest
from msgspec import structs
from recursive_training.exit_codes import ExitCode

from pulse.domain.diagnosis import diagnose
from pulse.domain.job_record import advanced
from pulse.domain.training_exit_codes import MEANINGS

LIMIT = "Canceled by JobStateTimeLimit action due to reason: "


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("failed_exit_code", "missing-variable"),
        ("failed_timeout", "timed-out"),
        ("failed_out_of_memory", "out-of-memory"),
        ("failed_image_not_pulled", "image-not-pulled"),
        ("failed_spot_reclaimed", "spot-reclaimed"),
        ("failed_terminated", "cancelled"),
        ("failed_time_limit", "exceeds-max-vcpus"),
    ],
)
def test_should_find_the_cause_in_a_recorded_event(record, happened, name, cause):
    diagnosis = diagnose(advanced(record, happened(name)))
    assert diagnosis.cause == cause
    assert diagnosis.advice


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"status_reason": "Host EC2 (instance i-0abc) terminated."}, "spot-reclaimed"),
        ({"exit_code": 137}, "killed"),
        ({"exit_code": 143}, "interrupted"),
        ({"exit_code": 143, "status_reason": "Your Spot Task was interrupted."}, "spot-reclaimed"),
        ({"exit_code": 75}, "temporary"),
        ({"exit_code": 99}, "unknown"),
        ({"exit_code": None}, "never-ended"),
        ({"exit_code": None, "status_reason": "Dependent Job failed"}, "dependency-failed"),
        ({"status_reason": f"{LIMIT}CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"}, "no-capacity"),
        ({"status_reason": f"{LIMIT}MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"}, "exceeds-instances"),
        ({"status_reason": f"{LIMIT}SOMETHING:NEW", "stopped_by_request": True}, "stuck-in-queue"),
        ({"exit_code": 0, "stopped_by_request": True}, "cancelled"),
        (
            {"status_reason": "Your Spot Task was interrupted, so I stop it", "stopped_by_request": True},
            "cancelled",
        ),
        ({"status_reason": "Dependent Job failed, not needed", "stopped_by_request": True}, "cancelled"),
        ({"status_reason": "Job attempt duration exceeded timeout", "stopped_by_request": True}, "timed-out"),
        ({"exit_code": None, "status_reason": "Array Child Job failed"}, "array-child-failed"),
        (
            {"exit_code": None, "reason": "CannotStartContainerError: Error response from daemon: exec"},
            "container-not-started",
        ),
    ],
)
def test_should_find_the_cause_in_what_is_known(record, change, cause):
    assert diagnose(structs.replace(record, status="FAILED", **change)).cause == cause


def test_should_quote_aws_batch_on_one_printable_line(record):
    failed = structs.replace(record, status="FAILED", exit_code=9, reason="a\nb", status_reason="c\u202ed")
    explanation = diagnose(failed).explanation
    assert "exit code 9" in explanation
    assert explanation.isprintable()


def test_should_know_every_exit_code_that_the_training_has():
    assert set(MEANINGS) == {int(code) for code in ExitCode} - {0}


@pytest.mark.parametrize("code", sorted(set(MEANINGS) - {1, 75, 143}))
def test_should_send_to_the_log_for_what_a_code_alone_does_not_tell(code):
    assert "The last line of the log names it exactly." in MEANINGS[code].advice
