import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from recursive_training.exit_codes import ExitCode

from pulse.domain.caller import CANCELLED_THROUGH_PULSE
from pulse.domain.diagnosis.diagnose import ROWS, blocked, diagnose
from pulse.domain.diagnosis.evidence import evidence
from pulse.domain.diagnosis.next_run import rerun_reason
from pulse.domain.job.changes import advanced
from pulse.domain.job.record import JobRecord
from pulse.domain.training.exit_codes import MEANINGS
from tests.unit.diagnosis_cases import (
    AWS_WORDS,
    IMAGE,
    IN_BOTO3,
    IN_TRAINING,
    KNOWN,
    NO_SUCH_KEY,
    NOT_AUTHORIZED,
    RECORDED,
    RESOLVING,
)


@pytest.fixture
def failed(record, happened):
    """The record after a recorded event."""
    return lambda name: advanced(record, happened(f"failed_{name}"))


@pytest.mark.parametrize("case", RECORDED)
def test_should_find_the_cause_in_a_recorded_event(failed, case):
    diagnosis = diagnose(failed(case.event), case.log)
    assert (diagnosis.cause, diagnosis.retry_helps) == (case.cause, case.retry_helps)
    assert case.words in f"{diagnosis.explanation} {diagnosis.advice}"
    assert "{" not in diagnosis.explanation + diagnosis.advice


@pytest.mark.parametrize(("change", "cause"), KNOWN)
def test_should_find_the_cause_in_what_is_known(record, change, cause):
    assert diagnose(structs.replace(record, status="FAILED", **change)).cause == cause


def test_should_have_a_case_for_each_row(record, failed):
    cases = [evidence(failed(case.event), case.log) for case in RECORDED]
    cases += [evidence(structs.replace(record, status="FAILED", **change), ()) for change, _ in KNOWN]
    decided = {next(i for i, row in enumerate(ROWS) if row.fits(case)) for case in cases}
    assert [row.cause for i, row in enumerate(ROWS) if i not in decided] == []


@pytest.mark.parametrize("words", AWS_WORDS)
@pytest.mark.parametrize("through", ["", f"{CANCELLED_THROUGH_PULSE}: "])
def test_should_not_take_a_person_s_words_for_aws_s(record, words, through):
    stopped = structs.replace(
        record, status="FAILED", exit_code=137, status_reason=through + words, stopped_by_request=not through
    )
    assert diagnose(stopped, ["Killed"]).cause == "cancelled"


def test_should_not_run_again_with_more_memory_what_a_person_cancelled_after_an_attempt(record):
    died = structs.replace(record, status="FAILED", attempts=1, reason="OutOfMemoryError: Container killed")
    assert rerun_reason(died) == "memory"
    assert rerun_reason(structs.replace(died, status_reason="enough", stopped_by_request=True)) is None


def test_should_name_what_the_training_was_denied(record):
    denied = structs.replace(record, status="FAILED", exit_code=77)
    assert "The last line of the log names it exactly." in diagnose(denied).advice
    advice = diagnose(denied, ["INFO - starts", IN_TRAINING]).advice
    assert "Allow s3:GetObject on arn:aws:s3:::pulse-data/datasets/a b.csv to its role" in advice


@pytest.mark.parametrize("code", sorted(set(MEANINGS) - {1, 77}))
def test_should_believe_the_training_s_exit_code_more_than_its_log(record, code):
    ended = structs.replace(record, status="FAILED", exit_code=code)
    assert diagnose(ended, ["MemoryError", NO_SUCH_KEY, IN_BOTO3]).cause == MEANINGS[code].cause


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_should_say_of_another_program_with_which_exit_code_it_ended(record, code):
    ended = structs.replace(record, status="FAILED", exit_code=code, foreign=True, log_stream="nightly/1")
    diagnosis = diagnose(ended, ["nothing to report"])
    assert f"AWS Batch says: exit code {code}." in diagnosis.explanation
    assert "log" in diagnosis.advice
    told = f"{diagnosis.explanation} {diagnosis.advice}"
    assert not any(word in told.lower() for word in ("training", "data set", "s3", "option", "csv"))
    assert diagnosis.log_lines == ("nothing to report",)


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_should_believe_the_log_of_another_program_more_than_its_exit_code(record, code):
    ended = structs.replace(record, status="FAILED", exit_code=code, foreign=True)
    assert diagnose(ended, ["MemoryError"]).cause == "out-of-memory"
    assert diagnose(ended, [IN_BOTO3 + NOT_AUTHORIZED]).cause == "access-denied"
    for ours in (NO_SUCH_KEY, "ModuleNotFoundError: No module named 'polars'"):
        assert diagnose(ended, [ours]).cause == "unknown"


def test_should_show_the_last_lines_without_secrets(record):
    ended = structs.replace(record, status="FAILED", exit_code=1, status_reason="password=hunter2")
    lines = [f"line {i}" for i in range(40)] + ["GET https://b.s3.amazonaws.com/k?X-Amz-Signature=0f1e2d 403"]
    diagnosis = diagnose(ended, lines)
    assert diagnosis.log_lines[-2:] == (
        "line 39",
        "GET https://b.s3.amazonaws.com/k?X-Amz-Signature=[redacted] 403",
    )
    assert len(diagnosis.log_lines) == 20
    assert "hunter2" not in diagnosis.explanation


@pytest.mark.parametrize(
    "hostile", ["x", "is not authorized to perform: s3:a on resource: ", "Allow s3:a on "]
)
def test_should_cost_little_whatever_the_log_holds(record, hostile):
    line = hostile * (1_000_000 // len(hostile))
    ended = structs.replace(record, status="FAILED", exit_code=1, reason=line)
    started = time.perf_counter()
    diagnose(ended, [line] * 500)
    assert time.perf_counter() - started < 5


def test_should_quote_aws_batch_on_one_printable_line(record):
    failed = structs.replace(record, status="FAILED", exit_code=9, reason="a\nb", status_reason="c\u202ed")
    explanation = diagnose(failed).explanation
    assert "exit code 9" in explanation
    assert explanation.isprintable()


@given(
    st.fixed_dictionaries(
        {
            "exit_code": st.none() | st.integers(0, 255),
            "reason": st.text(max_size=50) | st.sampled_from(AWS_WORDS),
            "status_reason": st.text(max_size=50) | st.sampled_from(AWS_WORDS),
            "stopped_by_request": st.booleans(),
            "attempts": st.integers(0, 10),
        }
    ),
    st.lists(
        st.text(max_size=50) | st.sampled_from([IN_TRAINING, IN_BOTO3 + NOT_AUTHORIZED, "{0} {denial}"]),
        max_size=3,
    ),
)
def test_should_have_printable_words_for_everything(known, log):
    created = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    diagnosis = diagnose(JobRecord(job_id="a", status="FAILED", created_at=created, **known), log)
    assert diagnosis.cause
    assert all(
        words.isprintable() for words in (diagnosis.explanation, diagnosis.advice, *diagnosis.log_lines)
    )


@pytest.mark.parametrize(
    ("image", "why", "cause"),
    [
        (IMAGE, "not found", "image-not-found"),
        (f"{IMAGE}-arm64", f"{IMAGE}-arm64: not found", "image-not-found"),
        ("registry.example.com/a:7", f'failed to do request: Head "https://{"x" * 200}', "image-not-pulled"),
        ("registry.example.com/a:7", f"unexpected status from HEAD request to {IMAGE}", "image-not-pulled"),
    ],
)
def test_should_find_the_cause_in_words_that_aws_batch_cut_off(record, image, why, cause):
    reason = f"{RESOLVING}{image}: {why}"[:255]
    assert len(reason) == 255, "or nothing was cut"
    assert diagnose(structs.replace(record, status="FAILED", reason=reason)).cause == cause


def test_should_believe_the_whole_words_more_than_those_that_were_cut_off(record):
    whole = f"{RESOLVING}{IMAGE}: failed to do request: dial tcp 52.94.184.143:443: i/o timeout"
    ended = structs.replace(record, status="FAILED", reason=whole[:255], status_reason=whole)
    assert diagnose(ended).cause == "image-unreachable"
    odd = f"{RESOLVING}{IMAGE}: unexpected status code 500 Internal Server Error"
    ended = structs.replace(record, status="FAILED", reason=odd[:255], status_reason=odd)
    assert diagnose(ended).cause == "image-not-pulled"


@pytest.mark.parametrize("case", [case for case in RECORDED if case.event.startswith("image_")])
def test_should_never_take_half_a_reason_for_another_cause(failed, case):
    ended = failed(case.event)
    for length in range(len("CannotPull"), 256):
        reason, status_reason = ended.reason[:length], ended.status_reason[:length]
        half = structs.replace(ended, reason=reason, status_reason=status_reason)
        assert diagnose(half).cause in {case.cause, "image-not-pulled", "task-not-started", "never-ended"}


@pytest.mark.parametrize(
    ("name", "spot", "cause", "words"),
    [
        ("queue_blocked", False, "exceeds-instances", "fewer vcpus"),
        ("queue_blocked_capacity", False, "no-capacity", "g5.xlarge"),
        ("queue_blocked_max_resource", False, "exceeds-max-vcpus", "max_vcpus"),
        ("queue_blocked_service_role", False, "service-role-permissions", "AWSBatchServiceRole"),
        ("queue_blocked_unsupported", False, "instances-unsupported", "instance_types"),
        ("queue_blocked_action_required", False, "compute-environment-invalid", "enable"),
        ("queue_blocked_undetermined", False, "undetermined", "Spot"),
        ("queue_blocked_undetermined", True, "no-capacity", "on demand"),
    ],
)
def test_should_name_why_a_job_blocks_its_queue_and_the_fix(happened, name, spot, cause, words):
    reason = happened(name).status_reason
    diagnosis = blocked(reason, spot=spot)
    assert diagnosis.cause == cause
    assert words in f"{diagnosis.explanation} {diagnosis.advice}"
    assert reason in diagnosis.explanation


@pytest.mark.parametrize(
    ("reason", "cause"),
    [("", "waits-long"), ("CAPACITY:NEW - x", "no-capacity"), ("NEW\u202e - x", "stuck-in-queue")],
)
def test_should_say_what_is_known_of_any_other_block(reason, cause):
    diagnosis = blocked(reason)
    assert diagnosis.cause == cause
    assert diagnosis.explanation.isprintable()


def test_should_know_every_exit_code_that_the_training_has():
    assert set(MEANINGS) == {int(code) for code in ExitCode} - {0}


@pytest.mark.parametrize("code", [code for code in ExitCode if code])
def test_should_advise_a_retry_where_the_training_does(record, code):
    assert diagnose(structs.replace(record, status="FAILED", exit_code=int(code))).retry_helps == code.retry


@pytest.mark.parametrize("code", sorted(set(MEANINGS) - {1, 75, 76, 143}))
def test_should_send_to_the_log_for_what_a_code_alone_does_not_tell(code):
    assert "The last line of the log names it exactly." in MEANINGS[code].advice
