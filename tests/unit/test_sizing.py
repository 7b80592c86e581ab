from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pulse.domain.history import FinishedRun, percentile
from pulse.domain.request.resources import FARGATE_MEMORY_MIB, RequestedResources, resource_faults
from pulse.domain.sizing.facts import DatasetFacts
from pulse.domain.sizing.sizing import next_size_up, size

AUTO = RequestedResources(vcpus="auto", memory_mib="auto", timeout_seconds="auto")
MARKET = DatasetFacts(
    bytes=241_992,
    rows=8_313,
    columns=("spx_close", "nasdaq_close", "wti_spot"),
    column_count=3,
    first=date(1990, 1, 2),
    last=date(2022, 12, 28),
)
RUN = FinishedRun(
    ran_seconds=40,
    data_bytes=MARKET.bytes,
    rows=MARKET.rows,
    windows=401,
    variables=3,
    peak_memory_mib=230,
    cpu_seconds=12,
)
PAIRS = [(vcpus, mib) for vcpus, sizes in FARGATE_MEMORY_MIB.items() for mib in sizes]
amounts = st.integers(0, 2**63)
everything = st.builds(
    DatasetFacts,
    bytes=amounts,
    rows=st.none() | amounts,
    column_count=st.none() | st.integers(0, 10**6),
    first=st.none() | st.dates(),
    last=st.none() | st.dates(),
)
positive = st.floats(0, 1e9)
runs = st.builds(
    FinishedRun,
    ran_seconds=positive,
    data_bytes=st.none() | amounts,
    rows=st.none() | amounts,
    windows=st.none() | st.integers(0, 10**6),
    variables=st.none() | st.integers(0, 10**4),
    peak_memory_mib=st.none() | positive,
    cpu_seconds=st.none() | positive,
)
histories = st.lists(runs, max_size=4).map(tuple)


def sized(facts=MARKET, history=(), asked=AUTO, **options):
    return size(asked, facts, history, **{"batch_size_days": 30} | options)


def test_should_say_why_in_a_sentence_when_earlier_runs_used_more_than_the_data_tells():
    found = sized(history=(RUN,) * 20)
    assert (found.vcpus, found.memory_mib, found.timeout_seconds) == (0.25, 512, 600)
    assert found.why == (
        "0.25 vCPU and 512 MiB: 8,313 rows x 3 columns need about 230 MiB (20 earlier runs used at most "
        "230 MiB), plus 50 %; timeout 10 min is at least 5 times the expected 48 s."
    )


def test_should_scale_the_peak_of_an_earlier_run_with_the_data():
    ten_times = replace(MARKET, bytes=10 * MARKET.bytes, rows=10 * MARKET.rows)
    assert "need about 365 MiB (1 earlier run used at most 230 MiB)" in sized(ten_times, (RUN,)).why


def test_should_reckon_from_the_model_when_there_are_no_earlier_runs():
    found = sized(replace(MARKET, rows=10_000_000, bytes=300_000_000))
    assert "10,000,000 rows x 3 columns need about 4,880 MiB, plus 50 %" in found.why
    assert found.memory_mib == 8192


def test_should_take_more_vcpu_up_to_one_a_thread_when_the_run_would_be_slow():
    slow = (replace(RUN, cpu_seconds=5_000),)
    assert sized(history=slow).vcpus == 1
    assert sized(history=slow, use_dask=True, dask_threads=8).vcpus == 16 / 2
    assert sized(history=(replace(RUN, cpu_seconds=250),)).vcpus == 0.5


def test_should_expect_a_slower_run_on_less_vcpu_and_give_five_times_that():
    found = sized(history=(replace(RUN, cpu_seconds=120),))
    assert found.vcpus == 0.25
    assert found.expected_seconds == pytest.approx(480, rel=0.01)
    assert found.timeout_seconds == pytest.approx(5 * 480, abs=60)
    assert found.why.endswith("timeout 41 min is 5 times the expected 8 min 1 s.")


def test_should_split_the_work_but_not_the_memory_among_shards():
    asked = RequestedResources(vcpus=1, memory_mib="auto", timeout_seconds="auto")
    large = replace(MARKET, rows=10_000_000, bytes=300_000_000)
    whole, share = (
        sized(large, asked=asked, batch_size_days=1),
        sized(large, asked=asked, batch_size_days=1, shards=4),
    )
    assert share.expected_seconds < whole.expected_seconds / 3, "every child reads all of the data"
    assert share.memory_mib == whole.memory_mib


def test_should_work_less_when_the_period_is_shorter():
    year = sized(start=date(2020, 1, 1), end=date(2020, 12, 31), batch_size_days=1)
    assert year.expected_seconds < sized(batch_size_days=1).expected_seconds / 2


def test_should_keep_what_was_asked_for_and_size_the_rest():
    found = sized(asked=RequestedResources(vcpus=4, memory_mib="auto", timeout_seconds=3600))
    assert (found.vcpus, found.memory_mib, found.timeout_seconds) == (4, 8192, 3600)
    assert found.why.startswith("4 vCPU (as asked) and 8192 MiB: ")
    assert found.why.endswith("timeout 1 h (as asked), expected 5.0 s.")
    assert sized(asked=RequestedResources(vcpus="auto", memory_mib=16384, timeout_seconds="auto")).vcpus == 2


def test_should_say_nothing_when_everything_was_asked_for():
    found = sized(asked=RequestedResources(vcpus=4, memory_mib=8192, timeout_seconds=3600, gpus=1))
    assert (found.why, found.gpus, found.memory_mib) == ("", 1, 8192)


def test_should_give_whole_vcpus_and_gibibytes_on_ec2():
    found = sized(replace(MARKET, rows=10**8), platform="EC2")
    assert (found.vcpus, found.memory_mib % 1024) == (1, 0)
    assert found.memory_mib > 17_000


def test_should_say_so_when_the_largest_is_not_enough():
    found = sized(replace(MARKET, rows=10**9))
    assert (found.vcpus, found.memory_mib) == (16, 122_880)
    assert "which plus 50 % is more than it gets" in found.why


def test_should_take_the_most_memory_below_the_limit_of_the_queue():
    assert sized(replace(MARKET, rows=10**9), max_vcpus=2).memory_mib == 16_384


def test_should_reckon_with_earlier_runs_when_the_data_set_is_not_there():
    assert sized(None).memory_mib == 2048
    assert sized(None, (RUN,)).memory_mib == 512
    assert sized(None).why.startswith("1 vCPU and 2048 MiB: files of unknown size need about 1,024 MiB, plus")


@given(
    everything,
    histories,
    st.fixed_dictionaries(
        {
            "platform": st.sampled_from(["FARGATE", "EC2"]),
            "use_dask": st.booleans(),
            "dask_threads": st.integers(1, 256),
            "shards": st.integers(1, 10_000),
            "variables": st.integers(0, 200),
            "batch_size_days": st.integers(1, 3650),
        }
    ),
)
def test_should_always_size_validly(facts, history, options):
    found = sized(facts, history, **options)
    assert not resource_faults(vcpus=found.vcpus, memory_mib=found.memory_mib, platform=options["platform"])
    assert 600 <= found.timeout_seconds <= 14 * 86_400
    assert found.timeout_seconds >= min(5 * found.expected_seconds, 14 * 86_400)


@given(everything, st.integers(1, 1000))
def test_should_never_give_less_memory_to_more_rows(facts, times):
    more = replace(facts, rows=facts.rows and facts.rows * times, bytes=facts.bytes * times)
    assert sized(more).memory_mib >= sized(facts).memory_mib


@given(st.sampled_from(PAIRS))
def test_should_double_the_memory_of_a_run_that_died_of_it(pair):
    vcpus, memory_mib = pair
    larger = next_size_up(vcpus, memory_mib, "FARGATE")
    better = [(v, mib) for v, mib in PAIRS if v >= vcpus and mib >= 2 * memory_mib]
    assert larger == min(better, default=None)


def test_should_find_no_larger_size_than_there_is():
    assert next_size_up(0.25, 2048, "FARGATE") == (0.5, 4096)
    assert next_size_up(16, 65_536, "FARGATE") is None
    assert next_size_up(2, 16_384, "FARGATE", max_vcpus=2) is None
    assert next_size_up(3, 1500, "EC2") == (3, 3072)
    assert next_size_up(3, 2_000_000, "EC2") is None


@pytest.mark.parametrize(("percent", "expected"), [(5, 15), (30, 20), (40, 20), (50, 35), (100, 50), (0, 15)])
def test_should_take_the_nearest_rank(percent, expected):
    assert percentile([40, 15, 35, 50, 20], percent) == expected


def test_should_have_no_percentile_of_nothing():
    assert percentile([], 50) is None


def test_should_not_go_beyond_what_the_instances_of_a_queue_leave_for_a_job():
    assert next_size_up(1, 3000, "EC2", max_memory_mib=7680) == (1, 6144)
    assert next_size_up(1, 4096, "EC2", max_memory_mib=7680) is None
    assert next_size_up(1, 4096, "EC2") == (1, 8192)
