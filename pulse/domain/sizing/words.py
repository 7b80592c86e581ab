"""Why a job has the size it has, in a sentence."""

from pulse.domain.request.batch_limits import Auto
from pulse.domain.request.resources import RequestedResources, Resources, vcpus_text
from pulse.domain.sizing.workload import MEMORY_MARGIN_PERCENT, TIMEOUT_TIMES_EXPECTED, Workload
from pulse.domain.text.duration import in_words


def why(requested: RequestedResources, sized: Resources, need: Workload) -> str:
    """`0.5 vCPU and 1024 MiB: 9,513 rows x 3 columns need about 210 MiB (20 earlier runs used at most 214
    MiB), plus 50 %; timeout 15 min is 5 times the expected 3 min.`
    """
    vcpus = _amount(f"{vcpus_text(sized.vcpus)} vCPU", requested.vcpus)
    memory = _amount(f"{sized.memory_mib} MiB", requested.memory_mib)
    margin = f"plus {MEMORY_MARGIN_PERCENT} %"
    if sized.memory_mib < need.wanted_mib:
        margin = f"which {margin} is more than it gets"
    needed = f"{need.estimated_from} need about {need.peak_mib:,.0f} MiB{_earlier(need)}, {margin}"
    return f"{vcpus} and {memory}: {needed}; {_timeout(requested, sized)}."


def _amount(amount: str, requested: float | Auto) -> str:
    return amount if requested == "auto" else f"{amount} (as asked)"


def _earlier(need: Workload) -> str:
    if need.highest_peak_mib is None:
        return ""
    runs = "1 earlier run" if need.compared == 1 else f"{need.compared:,} earlier runs"
    return f" ({runs} used at most {need.highest_peak_mib:,.0f} MiB)"


def _timeout(requested: RequestedResources, sized: Resources) -> str:
    timeout = in_words(sized.timeout_seconds)
    expected = in_words(sized.expected_seconds)
    if requested.timeout_seconds != "auto":
        return f"timeout {timeout} (as asked), expected {expected}"
    by_rule = TIMEOUT_TIMES_EXPECTED * (sized.expected_seconds or 0)
    if sized.timeout_seconds < by_rule:
        return f"timeout {timeout} is the longest there is, expected {expected}"
    at_least = "" if sized.timeout_seconds - by_rule < 60 else "at least "  # noqa: PLR2004 - whole minutes
    return f"timeout {timeout} is {at_least}{TIMEOUT_TIMES_EXPECTED} times the expected {expected}"
