"""Lambda's runtimes bring the AWS SDK, of whatever age: what the functions need must be in the oldest one.

The oldest that python3.13 has come with is boto3 1.34.145, and a function can be held at an old version
of its runtime: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included
"""

import json

from tests.infra.sdk_calls import OLDEST, known_members, used

DONE_WITHOUT = {
    "batch.get_job_queue_snapshot": {
        *("queueUtilization", "totalCapacityUsage", "fairshareUtilization", "topCapacityUtilization"),
        *("capacityUsage", "capacityUnit", "quantity", "shareIdentifier"),
    }
}
"""What the functions read where the SDK knows it, and say that it is not known where it does not."""


def test_the_oldest_sdk_that_a_runtime_has_knows_all_that_the_functions_need():
    oldest = {name: set(each.split()) for name, each in json.loads(OLDEST.read_text())["members"].items()}
    needed = used(known_members())
    assert len(needed) > 15
    assert set(needed) <= set(oldest), (
        "not there, or oldest_sdk.json is older than the code: see sdk_calls.py"
    )
    missing = {operation: members - oldest[operation] for operation, members in needed.items()}
    assert {operation: members for operation, members in missing.items() if members} == DONE_WITHOUT
