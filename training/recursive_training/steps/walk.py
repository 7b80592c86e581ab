"""Walks every variable through its windows: one after the other, or spread over Dask, with the same numbers.

A window is retrodicted from its own history alone, so the order does not matter and the list
can be sliced anywhere.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from types import MappingProxyType
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped,unused-ignore]

from recursive_training.logs import Progress, logger
from recursive_training.model import baselines
from recursive_training.model.baselines import Scales
from recursive_training.model.forecaster import Forecast, Learned, learn
from recursive_training.model.history import (
    HISTORY,
    LONGEST_PAUSE,
    MOST_NEEDED,
    learned_at,
    observations_needed,
)
from recursive_training.model.inputs import ANY, Choice
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.options import Options
from recursive_training.resources import Usage, usage
from recursive_training.series import Series, Window

_WINDOWS_PER_TASK = 40
Done = Mapping[int, list[Retrodiction]]
"""What came of each task, by its place in the work."""
Finish = Callable[[int, list[Retrodiction]], None]
NOTHING: Done = MappingProxyType({})


@dataclass(frozen=True)
class Task:
    """Some windows of one variable, all of them usable."""

    series: Series
    windows: Sequence[Window]
    batch_size_days: int
    choice: Choice = ANY

    def run(self) -> list[Retrodiction]:
        # One BLAS thread: the matrices are small, and sums come out the same wherever the task runs.
        with _blas().limit(limits=1):
            return list(retrodictions(self.series, self.windows, self.batch_size_days, self.choice))


@cache
def _blas() -> ThreadpoolController:
    """Made once a process: it searches all loaded libraries."""
    return ThreadpoolController()


def retrodict(series: Series, window: Window, batch_size_days: int, choice: Choice = ANY) -> Retrodiction:
    """Hindcasts one window."""
    return next(retrodictions(series, [window], batch_size_days, choice))


def retrodictions(
    series: Series, windows: Sequence[Window], batch_size_days: int, choice: Choice = ANY
) -> Iterator[Retrodiction]:
    """Hindcasts the windows. Of a window itself only its observations' times are used, never a value.

    Windows in a row whose models are learned on the same history are forecast at once.
    """
    learner, scales = _Learner(series, batch_size_days, choice), Scales(series)
    edges = np.array([(window.start, window.end) for window in windows], dtype=series.times.dtype)
    cuts = np.searchsorted(series.times, edges).tolist()
    for (start, learned), group in groupby(
        zip(windows, cuts, strict=True), lambda one: learner.learned(one[1][0])
    ):
        together = list(group)
        ends = np.array([known - 1 - start for _, (known, _) in together])
        forecasts = learned.forecast(series.values[start : together[-1][1][0]], ends)
        name = learned.name
        for place, (window, (known, end)) in enumerate(together):
            forecast = forecasts.at(place, learned.step(end - known))
            yield _retrodiction(series, scales, window, (known, end), (forecast, name))


class _Learner:
    """Learns the models for what is known, unless those of the last call are as good."""

    def __init__(self, series: Series, batch_size_days: int, choice: Choice) -> None:
        self._series, self._batch_size_days, self._choice = series, batch_size_days, choice
        self._at = -1
        self._learned: Learned | None = None

    def learned(self, known: int) -> tuple[int, Learned]:
        """Where the models' history starts, and the models."""
        series = self._series
        at = learned_at(series.first + known) - series.first
        if at < MOST_NEEDED and at < observations_needed(series.times[:known], self._batch_size_days):
            at = known
        learned = self._learn(at)
        if not learned.takes(series.values[at - 1 : known]):
            at = known
            learned = self._learn(at)
        return max(at - HISTORY, 0), learned

    def _learn(self, at: int) -> Learned:
        if self._at != at or self._learned is None:
            history = self._series.until(at).latest(HISTORY)
            self._at, self._learned = at, learn(history, self._batch_size_days, self._choice)
        return self._learned


def _retrodiction(
    series: Series, scales: Scales, window: Window, cut: tuple[int, int], said: tuple[Forecast, str]
) -> Retrodiction:
    """`cut`: how many observations are known, and where the window ends. `said`: what, by which models."""
    (stop, end), (forecast, model) = cut, said
    start = max(stop - HISTORY, 0)
    known, times = series.between(start, stop), series.times[stop:end]
    season = scales.season(start, stop)
    return Retrodiction(
        variable=series.name,
        window=window,
        times=times,
        actual=series.values[stop:end],
        retrodicted=forecast.middle,
        lower=forecast.lower,
        upper=forecast.upper,
        persistence=baselines.persistence(known, times),
        seasonal_naive=baselines.seasonal_naive(known, times, season),
        naive_error=scales.naive_error(start, stop),
        seasonal_naive_error=scales.seasonal_naive_error(season, start, stop),
        season=season.name,
        model=model,
        naive_root_mean_square=scales.naive_root_mean_square(start, stop),
    )


def tasks(
    series: Series, windows: Sequence[Window], batch_size_days: int, choice: Choice = ANY
) -> Iterator[Task]:
    """Each with what it needs of the series, not more: tasks may go to other processes."""
    for first in range(0, len(windows), _WINDOWS_PER_TASK):
        some = windows[first : first + _WINDOWS_PER_TASK]
        yield Task(
            series.around(some[0].start, some[-1].end, HISTORY + LONGEST_PAUSE), some, batch_size_days, choice
        )


def walk(
    work: Sequence[Task], options: Options, earlier: Done = NOTHING, add: Finish = lambda *_: None
) -> tuple[list[Retrodiction], Usage]:
    """The retrodictions in the order of the work, and what worker processes used.

    What earlier attempts have done is taken from there; `add` hears of each other task once it is done.
    """
    done = dict(earlier)
    progress = Progress(sum(len(task.windows) for task in work))
    if done:
        progress.add(sum(len(parts) for parts in done.values()))

    def finish(index: int, parts: list[Retrodiction]) -> None:
        done[index] = parts
        add(index, parts)
        progress.add(len(parts))

    left = {index: task for index, task in enumerate(work) if index not in done}
    used = (_with_dask if options.use_dask and left else _serially)(left, options, finish)
    return [part for index in range(len(work)) for part in done[index]], used


def _serially(work: Mapping[int, Task], _options: Options, finish: Finish) -> Usage:
    """One task after the other; there are no worker processes that use anything."""
    for index, task in work.items():
        finish(index, task.run())
    return Usage()


def _with_dask(work: Mapping[int, Task], options: Options, finish: Finish) -> Usage:
    """Over a dask.distributed LocalCluster; what its worker processes used.

    One worker is a pool of threads in this process; more are processes of `dask_threads` threads each.
    Scratch files go to the temporary folder: the root file system may be read-only.
    """
    threads, workers = options.dask_threads, options.max_workers
    logger.info("Dask: %d worker(s) of %d thread(s)", workers, threads)
    with tempfile.TemporaryDirectory() as scratch, cluster(workers, threads, scratch) as made:
        from distributed import as_completed  # noqa: PLC0415 - `cluster` sets what is read on import

        with made.get_client() as client:
            futures = {client.submit(task.run, pure=False): index for index, task in work.items()}
            for future, parts in as_completed(futures, with_results=True):  # type: ignore[no-untyped-call]
                finish(futures[future], parts)
            return sum(client.run(usage).values(), Usage()) if workers > 1 else Usage()


def cluster(workers: int, threads: int, scratch: str) -> Any:
    """A LocalCluster. Its processes speak TLS and let in only who has the keys that it draws: whoever could
    speak to them would run code as this job, and loopback is open to everybody on the machine.
    """
    import dask  # noqa: PLC0415 - slow to import, not always wanted

    # The first is read when distributed is imported. A worker that is busy importing may not read: by
    # default its connection is dead after 30 s, it does not come again, and without workers all wait forever.
    dask.config.set(
        {
            "logging.distributed": "warning",
            "distributed.comm.timeouts.tcp": "600s",
            "distributed.scheduler.no-workers-timeout": "600s",
        }
    )
    from distributed import LocalCluster  # noqa: PLC0415

    processes = workers > 1
    return LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers,
        threads_per_worker=threads,
        processes=processes,
        security=processes or None,
        dashboard_address="127.0.0.1:0",  # None would be port 8787 on all interfaces
        worker_dashboard_address="127.0.0.1:0",
        local_directory=scratch,
    )
