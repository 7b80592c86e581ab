"""How much history a model takes, how far ahead it reaches, and where in a series it is learned."""

import numpy as np

from recursive_training.model.inputs import LOOKBACK
from recursive_training.series import Times

HISTORY = 1260  # observations, the latest ones known; of daily market data five years
FEWEST_ROWS = 50  # with fewer the quantiles of a 90 % interval mean nothing
LONGEST_HORIZON = 260  # steps; beyond it a forecast repeats its last season, or its last step
LEAST_NEEDED = LOOKBACK + 2 + FEWEST_ROWS  # observations: with a horizon of one
MOST_NEEDED = LOOKBACK + 1 + LONGEST_HORIZON + FEWEST_ROWS  # observations: enough for any horizon
_EACH_TIME = 256  # observations; with fewer known, every window has models of its own
_EIGHTH = 3  # bits
LONGEST_PAUSE = 128  # observations


def horizon(times: Times, batch_size_days: int) -> int:
    """How many observations a window may hold: the most that `batch_size_days` of these times held.

    It is 260 at most.
    """
    ends = np.searchsorted(times, times + np.timedelta64(batch_size_days, "D"), side="left")
    return int(min(max((ends - np.arange(len(times))).max(initial=1), 1), LONGEST_HORIZON))


def observations_needed(times: Times, batch_size_days: int) -> int:
    """The shortest history that is enough: 21 to look back on, a horizon ahead, 50 rows to learn from.

    `times` are those of the known history; they decide how far ahead a window may reach.
    """
    return LOOKBACK + 1 + horizon(times, batch_size_days) + FEWEST_ROWS


def learned_at(known: int) -> int:
    """How many of the known observations its models are learned on: all, or those up to the last multiple of
    a power of two that is about an eighth of them, 128 at most.

    A model that is a little older forecasts as well, from all that is known. Windows share it, and as the
    place hangs on the number of known observations alone, so does every shard.
    """
    if known < _EACH_TIME:
        return known
    pause = min(1 << (known.bit_length() - 1 - _EIGHTH), LONGEST_PAUSE)
    return known - known % pause
