"""Runs many invocations at once in one thread and in virtual time; one seed decides everything.

Each invocation is a greenlet. It stops at each call of AWS, once on the way there and once on the way
back, and meanwhile others go on, the invocation may die, and the answer may be lost, late, doubled or an
error. What happens at a call is drawn from the seed, the invocation's name and the number of the call, so
that leaving one request or one fault out changes nothing else: that is how a failure is shrunk.
"""

import heapq
import itertools
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from greenlet import getcurrent, greenlet

from tests.simulation.faults import LATEST_SECONDS, Fault, Kind, error_of

T = TypeVar("T")
START = datetime(2026, 3, 31, 23, 57, tzinfo=UTC)
"""Shortly before a month ends: what is asked for in one ends in the next."""
_KEPT_LINES = 100_000
_WAYS = 2**16
_UNDONE = frozenset({"died before", "throttled", "refused", "unsent", "late"})
"""Of these nothing is done before the caller gives up."""


class Died(BaseException):
    """The end of an invocation's process in the middle: nothing under test catches it."""


@dataclass(frozen=True)
class Line:
    """One of the story: when (seconds since the start), who, what."""

    at: float
    who: str
    what: str


@dataclass(eq=False)
class Invocation:
    """`skew`: by how many seconds its clock is ahead. `until`: when it is ended, if it has not ended
    itself.
    """

    name: str
    work: Callable[[], object]
    ended: Callable[["Invocation"], None]
    skew: float
    until: float
    calls: int = 0
    answer: Any = None
    error: Exception | None = None
    has_died: bool = False
    thread: greenlet | None = None
    go_on: Any = None


class Kernel:
    """`rates`: of each kind of fault, in how many of the calls it happens (0 to 1). `only`: the faults
    that may happen, None for all. `tells`: whether the story is kept.
    """

    def __init__(
        self,
        seed: int,
        rates: Mapping[Kind, float],
        *,
        only: Collection[Fault] | None = None,
        tells: bool = False,
    ) -> None:
        self.seed, self.now = seed, 0.0
        self.faulty = True
        self.happened: list[Fault] = []
        self.calls: Counter[str] = Counter()
        self.invocations = 0
        self.story: deque[Line] = deque(maxlen=_KEPT_LINES)
        self._tells = tells
        self._keyed = blake2b(key=seed.to_bytes(16, "big", signed=True), digest_size=8)
        self._only = None if only is None else {(one.invocation, one.number): one.kind for one in only}
        self._shares = [round(share * _WAYS) for share in itertools.accumulate(rates.values())]
        self._kinds: list[Kind | None] = [*rates, None]
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._until = 0.0
        self._orders = itertools.count()
        self._hub = getcurrent()
        self._current: Invocation | None = None
        self._living: set[Invocation] = set()

    # --- chance and time

    def drawn(self, *names: object) -> int:
        """64 bits that depend on the seed and these names only."""
        return self._hashed("\x1f".join([str(name) for name in names]))

    def chance(self, *names: object) -> float:
        """From 0 to below 1, by the seed and these names."""
        return self.drawn(*names) / 2**64

    def time(self) -> datetime:
        """What the clock of whoever asks shows, UTC."""
        skew = self._current.skew if self._current else 0.0
        return START + timedelta(seconds=self.now + skew)

    def drawn_here(self, *names: object) -> int:
        """64 bits for the invocation that asks, by how far it has come."""
        one = self._current
        return self.drawn(*names, *((one.name, one.calls) if one else ("the world", self.now)))

    @property
    def remaining_seconds(self) -> float:
        """How long the invocation that asks may still live."""
        return self._current.until - self.now if self._current else 0.0

    @property
    def place(self) -> tuple[str, int]:
        """The name of the invocation that asks and the number of its last call; empty where none does."""
        return (self._current.name, self._current.calls) if self._current else ("", 0)

    # --- what happens

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Has something of the world happen later. It takes no time and makes no faulty calls."""
        heapq.heappush(self._due, (self.now + seconds, next(self._orders), action))

    def start(  # noqa: PLR0913 - an invocation's parts
        self,
        name: str,
        work: Callable[[], object],
        ended: Callable[[Invocation], None],
        *,
        after: float = 0.0,
        skew: float = 0.0,
        lives: float = 29.0,
    ) -> None:
        """Begins an invocation, whose name nobody else has. `ended` is called when it has ended in
        whatever way.
        """
        one = Invocation(name, work, ended, skew, self.now + after + lives)
        self.invocations += 1
        self._living.add(one)
        one.thread = greenlet(partial(self._work, one), parent=self._hub)
        one.go_on = partial(self._go_on, one)
        self.after(after, one.go_on)

    def run(self, until: float) -> None:
        """Lets everything happen up to this time, seconds since the start, or until nothing is left
        to do.
        """
        self._until = until
        while self._due and self._due[0][0] <= until:
            self.now, _, action = heapq.heappop(self._due)
            action()
        if not self._due:
            return
        self.now = until

    @property
    def is_idle(self) -> bool:
        return not self._due

    def close(self) -> None:
        """Ends all invocations where they are. The garbage collector takes no greenlet that has not ended,
        nor the world that its frames hold.
        """
        while self._living:
            one = self._living.pop()
            one.has_died, one.ended = True, lambda _: None
            self._current = one
            if one.thread:  # begun, and not ended
                one.thread.throw()
        self._current = None

    # --- what an invocation does

    def sleep(self, seconds: float) -> None:
        """Lets the invocation that calls it wait. Elsewhere no time passes."""
        one = self._current
        if one is None:
            return
        if one.has_died:
            raise Died
        # Added and taken off as if it waited, so that both ways come to the same instant.
        now = self.now
        wake = now + (min(now + seconds, one.until) - now)
        if wake <= self._until and (not self._due or wake < self._due[0][0]):
            self.now = wake  # nobody else has anything to do by then
        else:
            heapq.heappush(self._due, (wake, next(self._orders), one.go_on))
            self._current = None
            self._hub.switch()
        if self.now >= one.until:
            self.tell(one.name, "is ended: its time is over")
            raise _death(one)

    def call(
        self,
        service: str,
        operation: str,
        effect: Callable[[], T],
        *,
        once: bool = False,
        cut: Callable[[T], T] | None = None,
    ) -> T:
        """One call of AWS by the invocation that is at it. `effect` changes the service and returns
        its answer or raises its error. `once`: the client never sends it twice. `cut`: what is left of an
        answer that comes as a stream. Without an invocation it just happens.
        """
        one = self._current
        named = f"{service}:{operation}"
        self.calls[named] += 1
        if one is None:
            return effect()
        if one.has_died:
            raise Died
        one.calls += 1
        bits = self._hashed(f"{one.name}\x1f{one.calls}")  # as `drawn` of the two
        kind = self._fate(one, bits, once=once, is_stream=cut is not None)
        there, back = 0.002 + 0.05 * (bits >> 16 & 0xFF) / 256, 0.002 + 0.05 * (bits >> 24 & 0xFF) / 256
        if kind == "slow":
            back += LATEST_SECONDS * (bits >> 32 & 0xFF) / 256
        if kind is not None:
            self.happened.append(Fault(one.name, one.calls, kind, named))
        self.sleep(there)
        if self._tells:
            self.tell(one.name, f"{named}{f' — {kind}' if kind else ''}")
        if kind in _UNDONE:
            self._without(one, kind, operation, effect, bits)
            self.sleep(back)
            raise error_of(kind, operation)
        answer, error = self._done(one, kind, effect, back)
        if kind in {"failed", "lost"}:
            raise error_of(kind, operation)
        if error is not None:
            try:
                raise error
            finally:
                del error  # as in _tried
        found: T = answer  # type: ignore[assignment] # without an error it is the effect's
        return cut(found) if kind == "cut short" and cut else found

    def tell(self, who: str, what: str) -> None:
        """Adds a line to the story."""
        if self._tells:
            self.story.append(Line(self.now, who, what))

    # --- inside

    def _hashed(self, text: str) -> int:
        hashed = self._keyed.copy()
        hashed.update(text.encode())
        return int.from_bytes(hashed.digest(), "big")

    def _done(
        self, one: Invocation, kind: Kind | None, effect: Callable[[], T], back: float
    ) -> tuple[T | None, Exception | None]:
        """Does what is asked for, and lets the time pass until its answer is back."""
        answer, error = _tried(effect)
        if kind == "doubled":
            self.sleep(back)
            answer, error = _tried(effect)
        if kind == "died after":
            raise _death(one)
        self.sleep(back)
        return answer, error

    def _without(
        self, one: Invocation, kind: Kind, operation: str, effect: Callable[[], object], bits: int
    ) -> None:
        if kind == "died before":
            raise _death(one)
        if kind == "late":

            def happen() -> None:
                self.tell("the network", f"{operation} arrives late")
                _tried(effect)

            self.after(LATEST_SECONDS * (bits >> 40 & 0xFF) / 256, happen)

    def _fate(self, one: Invocation, bits: int, *, once: bool, is_stream: bool) -> Kind | None:
        if not self.faulty:
            return None
        if self._only is not None:
            return self._only.get((one.name, one.calls))
        kind = self._kinds[bisect_right(self._shares, bits % _WAYS)]
        if kind == "cut short" and not is_stream:
            return None
        return "lost" if kind == "doubled" and once else kind

    def _go_on(self, one: Invocation) -> None:
        assert one.thread is not None
        self._current = one
        one.thread.switch()
        self._current = None

    def _work(self, one: Invocation) -> None:
        try:
            one.answer = one.work()
        except Died:
            pass
        except Exception as error:  # noqa: BLE001 - of whatever runs: AWS Lambda catches it too
            one.error = error
        if one.has_died:
            one.answer = one.error = None
            self.tell(one.name, "dies")
        self._current = None
        one.ended(one)
        one.thread = one.go_on = None
        self._living.discard(one)


def _death(one: Invocation) -> Died:
    """What ends an invocation. Its `finally` clauses run all the same, but no call of theirs happens."""
    one.has_died = True
    return Died()


def _tried(effect: Callable[[], T]) -> tuple[T | None, Exception | None]:
    try:
        return effect(), None
    except ClientError as error:
        # A traceback holds frames that hold the error: circles, of which there would be very many.
        return None, error.with_traceback(None)
