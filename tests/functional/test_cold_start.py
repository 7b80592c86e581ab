"""What a function imports for its first invocation in a process of its own: a cold start waits for all of it.

How long that takes, `python -m benchmarks.cold_start` says, which invokes the functions in the same way.
"""

import pytest

from benchmarks import cold_start, stub_aws

OWN_MODULES = {
    "submit_job": 121,
    "cancel_job": 113,
    "get_job": 136,
    "on_job_event": 164,
    "send_alert": 83,
    "reconcile_jobs": 113,
}
"""At most, of `pulse` and `lambdas`: each takes some 0.2 ms, with many structs in it up to 1 ms."""
DEAR = {
    "asyncio",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.data_classes",
    "boto3",
    "statistics",
}
"""Takes milliseconds, and no function needs it."""


@pytest.mark.parametrize("function", OWN_MODULES)
def test_should_import_no_more_than_its_first_invocation_needs(function, tmp_path):
    with stub_aws.serving() as aws:
        imported = set(cold_start.imports(cold_start.invoked(function, aws, tmp_path)))
    assert not imported & DEAR
    own = sorted(name for name in imported if name.partition(".")[0] in {"pulse", "lambdas"})
    assert len(own) <= OWN_MODULES[function], own
