"""What AWS does late, twice or not at all by itself, beside the faults of an invocation's calls."""

from tests.simulation.kernel import Kernel

_ONE_IN = 16


def happens(kernel: Kernel, share: float, *names: object) -> bool:
    """Says whether something goes wrong that does so in this share (0 to 1) of the cases; never once the
    kernel is not faulty any more.
    """
    if not kernel.faulty or kernel.chance(*names) >= share:
        return False
    kernel.tell("AWS", " ".join(map(str, names)))
    return True


def delay_seconds(kernel: Kernel, usual: float, longest: float, *names: object) -> float:
    """Draws a delay of at most `usual` seconds; while the kernel is faulty, one in sixteen may last up to
    `longest`.
    """
    bits = kernel.drawn(*names)
    most = longest if kernel.faulty and bits % _ONE_IN == 0 else usual
    return most * (bits >> 16 & 0xFFFF) / 2**16
