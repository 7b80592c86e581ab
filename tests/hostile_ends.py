"""Metrics files and events as a job, or who submits one, may make them: for hypothesis."""

import json

from hypothesis import strategies as st

DIGITS_44 = 12345678901234567890123456789012345678901234
BEYOND = [1e300, -1e300, 1e16, DIGITS_44, -DIGITS_44, 2**64]
FIELDS = ("peak_memory_mib", "cpu_seconds", "windows")

odd_numbers = st.one_of(
    st.sampled_from([*BEYOND, 5e-324, 1e-131, 1e126, 0, -1, 0.1]),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
values = st.recursive(
    odd_numbers | st.none() | st.booleans() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10) | st.sampled_from(FIELDS), inner)
    ),
    max_leaves=12,
)
of_variable = st.dictionaries(
    st.sampled_from(("trust", "skill_vs_persistence", "mase", "coverage", "windows")), values | odd_numbers
)
metrics_files = st.one_of(
    st.binary(max_size=40),
    values.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {},
        optional={
            "variables": st.dictionaries(st.text(max_size=20), of_variable, max_size=4),
            "data": st.dictionaries(st.sampled_from(("bytes", "rows", "columns")), odd_numbers) | values,
            "warnings": st.lists(values, max_size=4) | values,
            "warnings_count": values,
            "left_out": st.lists(st.text(max_size=30), max_size=4) | values,
            "period": st.fixed_dictionaries({"start": st.text(), "end": st.text()}) | values,
            **dict.fromkeys(FIELDS, odd_numbers),
        },
    ).map(lambda value: json.dumps(value).encode()),
)

named_values = st.lists(
    st.fixed_dictionaries({"name": st.text(max_size=30) | values, "value": values}), max_size=3
)
containers = st.fixed_dictionaries(
    {},
    optional={
        "exitCode": values | odd_numbers,
        "reason": st.text(max_size=300) | values,
        "logStreamName": st.text(max_size=30) | values,
        "command": st.lists(st.text(max_size=20), max_size=5) | values,
        "environment": named_values | values,
        "resourceRequirements": st.lists(
            st.fixed_dictionaries({"type": st.sampled_from(("VCPU", "MEMORY", "GPU")), "value": values})
        )
        | values,
        "vcpus": odd_numbers,
        "memory": odd_numbers,
        "containerInstanceArn": st.text(max_size=20) | values,
    },
)
attempts = st.fixed_dictionaries(
    {},
    optional={
        "container": containers | values,
        "startedAt": odd_numbers,
        "stoppedAt": odd_numbers,
        "statusReason": st.text(max_size=300) | values,
    },
)
details = st.fixed_dictionaries(
    {},
    optional={
        "jobName": st.text(max_size=130) | values,
        "attempts": st.lists(attempts, max_size=12) | values,
        "container": containers | values,
        "createdAt": odd_numbers,
        "startedAt": odd_numbers,
        "stoppedAt": odd_numbers,
        "statusReason": st.text(max_size=300) | values,
        "jobDefinition": st.text(max_size=30) | values,
        "tags": st.dictionaries(st.text(max_size=20), st.text(max_size=20) | values, max_size=3) | values,
        "arrayProperties": st.fixed_dictionaries(
            {}, optional={"size": odd_numbers, "index": odd_numbers, "statusSummary": values}
        )
        | values,
        "timeout": st.fixed_dictionaries({"attemptDurationSeconds": odd_numbers}) | values,
        "shareIdentifier": st.text(max_size=30) | values,
        "nodeProperties": values,
        "ecsProperties": values,
        "eksProperties": values,
        "eksAttempts": values,
        "isCancelled": values,
        "isTerminated": values,
    },
)
