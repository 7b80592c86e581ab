"""Walks every variable through its windows: one after the other, or spread over Dask, with the same numbers.

A window is retrodicted from its own history alone, so the order does not matter and the list
can be sliced anywhere.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sklearn import config_context
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped,unused-ignore]

from recursive_training.logs import Progress, logger
from recursive_training.model import baselines
from recursive_training.model.forecaster import HISTORY, fit
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.options import Options
from recursive_training.resources import Usage, usage
from recursive_training.series import Series, Window

_WINDOWS_PER_TASK = 20


@dataclass(frozen=True)
class Task:
    """Some windows of one variable, all of them usable."""

    series: Series
    windows: Sequence[Window]
    batch_size_days: int

    def run(self) -> list[Retrodiction]:
        # One BLAS thread: the matrices are small, and sums come out the same wherever the task runs.
        # No checks by scikit-learn: tables.py let only finite numbers through, and the options are constants.
        with _blas().limit(limits=1), config_context(assume_finite=True, skip_parameter_validation=True):
            return [retrodict(self.series, window, self.batch_size_days) for window in self.windows]


@cache
def _blas() -> ThreadpoolController:
    """Made once a process: it searches all loaded libraries."""
    return ThreadpoolController()


def retrodict(series: Series, window: Window, batch_size_days: int) -> Retrodiction:
    """Hindcasts the window. Of the window itself only its observations' times are used, never a value."""
    known, happened = series.before(window.start).latest(HISTORY), series.within(window)
    season = baselines.season(known.times)
    forecast = fit(known, batch_size_days).forecast(len(happened))
    return Retrodiction(
        variable=series.name,
        window=window,
        times=happened.times,
        actual=happened.values,
        retrodicted=forecast.middle,
        lower=forecast.lower,
        upper=forecast.upper,
        persistence=baselines.persistence(known, happened.times),
        seasonal_naive=baselines.seasonal_naive(known, happened.times, season),
        naive_error=baselines.naive_error(known),
        seasonal_naive_error=baselines.seasonal_naive_error(known, season),
        season=season.name,
    )


def tasks(series: Series, windows: Sequence[Window], batch_size_days: int) -> Iterator[Task]:
    """Each with what it needs of the series, not more: tasks may go to other processes."""
    for first in range(0, len(windows), _WINDOWS_PER_TASK):
        some = windows[first : first + _WINDOWS_PER_TASK]
        yield Task(series.around(some[0].start, some[-1].end, HISTORY), some, batch_size_days)


def walk(work: Sequence[Task], options: Options) -> tuple[list[Retrodiction], Usage]:
    """The retrodictions in the order of the work, and what worker processes used."""
    if options.use_dask and work:
        return with_dask(work, options.dask_threads, options.max_workers)
    return serially(work)


def serially(work: Sequence[Task]) -> tuple[list[Retrodiction], Usage]:
    """The retrodictions in the order of the work, and what worker processes used: nothing."""
    progress = _progress(work)
    done = []
    for task in work:
        done += task.run()
        progress.add(len(task.windows))
    return done, Usage()


def with_dask(work: Sequence[Task], threads: int, workers: int) -> tuple[list[Retrodiction], Usage]:
    """The same over a dask.distributed LocalCluster, and what its worker processes used.

    One worker is a pool of threads in this process; more are processes of `threads` threads each. Scratch
    files go to the temporary folder: the root file system may be read-only.
    """
    logger.info("Dask: %d worker(s) of %d thread(s)", workers, threads)
    progress = _progress(work)
    done: dict[int, list[Retrodiction]] = {}
    with tempfile.TemporaryDirectory() as scratch, cluster(workers, threads, scratch) as made:
        from distributed import as_completed  # noqa: PLC0415 - `cluster` sets what is read on import

        with made.get_client() as client:
            futures = {client.submit(task.run, pure=False): index for index, task in enumerate(work)}
            for future, result in as_completed(futures, with_results=True):  # type: ignore[no-untyped-call]
                done[futures[future]] = result
                progress.add(len(result))
            used = sum(client.run(usage).values(), Usage()) if workers > 1 else Usage()
    return [part for index in range(len(work)) for part in done[index]], used


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


def _progress(work: Sequence[Task]) -> Progress:
    return Progress(sum(len(task.windows) for task in work))
