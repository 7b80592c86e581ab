"""Draws what is asked of Pulse from the seed: each by its own name, so that any may be left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.simulation.asks import Array, Ask, Door, Flaw, Profile, Rerun
from tests.simulation.kernel import Kernel

DOORS: dict[Door, float] = {
    "call": 0.62,
    "data set": 0.14,
    "folder": 0.05,
    "manifest": 0.04,
    "request file": 0.1,
    "other program": 0.05,
}
PROFILES: dict[Profile, float] = {"small": 0.7, "auto": 0.12, "shared": 0.1, "instances": 0.08}
ARRAYS: dict[Array, float] = {"": 0.82, "shards": 0.12, "sweep": 0.06}
FLAWS: dict[Flaw, float] = {
    "": 0.84,
    "field": 0.03,
    "profile": 0.02,
    "period": 0.02,
    "cost": 0.02,
    "no data": 0.01,
    "text": 0.06,
}
RERUNS: dict[Rerun, float] = {"": 0.88, "as it was": 0.07, "changed": 0.05}
_DEPENDENT, _CANCELLED, _KEYED, _GIVE_UP, _FORCED, _DRY = 0.1, 0.06, 0.5, 0.1, 0.04, 0.04
_CLONED, _STOPPED, _CONFLICTS, _SEQUENTIAL = 0.04, 0.04, 0.08, 0.25
_LOOKS, _ALERTS, _EXPECTED, _BRIEF, _AGAIN, _ODD, _DELETED = 0.25, 0.25, 0.2, 0.3, 0.15, 0.1, 0.05
_MOST_TWINS, _STORMS, _FEWEST_IN_A_STORM, _MOST_IN_A_STORM = 3, 0.45, 10, 50
_SPREAD_SECONDS, _WIDE_SPREAD_SECONDS, _WIDE = 0.25, 8.0, 0.2
"""One request comes so long after the other, so that very many are under way at once; in some seeds later."""
_WITHIN_SECONDS = (0.001, 1.0, 45.0)
_KINDS = ("SUBMITTED", "STARTED", "SUCCEEDED", "FAILED", "OVERDUE", "BLOCKED")
_CHANNELS = ("email", "slack")
_ODD_STEMS = (" (1)", " +plus%20", "=ü", "'quoted' & \"so\"", "—雪😀", "#?;,:@", "/deep/er", ".csv.gz", "~$!")


def asks(kernel: Kernel, count: int) -> Iterator[Ask]:
    """So many, drawn from the seed."""
    calls: list[str] = []
    spread = _WIDE_SPREAD_SECONDS if kernel.chance("wide") < _WIDE else _SPREAD_SECONDS
    for number in range(count):
        one = _Draw(kernel, f"r{number:05}").ask(number * spread, spread, calls)
        yield one
        if one.door == "call" and not (one.flaw or one.dry or one.forced):
            calls.append(one.name)


@dataclass(frozen=True)
class _Draw:
    kernel: Kernel
    name: str

    def share(self, *what: object) -> float:
        """From 0 to below 1."""
        return self.kernel.chance("ask", self.name, *what)

    def one_of(self, what: str, shares: dict[Any, float]) -> Any:
        drawn = self.share(what)
        for value, part in shares.items():
            drawn -= part
            if drawn < 0:
                return value
        return next(iter(shares))

    def seconds(self, what: str, chance: float, most: float) -> float | None:
        return most * self.share(what, "at") if self.share(what) < chance else None

    def some(self, what: str, values: tuple[str, ...]) -> tuple[str, ...] | None:
        """Some of these, perhaps none of them; None in most cases."""
        if self.share(what) >= _ALERTS:
            return None
        return tuple(one for one in values if self.share(what, one) < 0.5)

    def ask(self, at: float, spread: float, calls: list[str]) -> Ask:
        """`calls`: the names of earlier calls that it may depend on."""
        door: Door = self.one_of("door", DOORS)
        is_call, has_body = door == "call", door in {"call", "request file"}
        flaw: Flaw = self.one_of("flaw", FLAWS)
        if (flaw == "no data" and not has_body) or (flaw == "text" and door == "call"):
            flaw = ""
        after = is_call and bool(calls) and self.share("after") < _DEPENDENT
        forced = is_call and self.share("forced") < _FORCED
        odd = _ODD_STEMS[int(self.share("which stem") * len(_ODD_STEMS))] if self.share("odd") < _ODD else ""
        array: Array = self.one_of("array", ARRAYS) if has_body else ""
        return Ask(
            name=self.name,
            door=door,
            at=at + spread * self.share("at"),
            twins=self.twins() if is_call else (),
            profile=self.one_of("profile", PROFILES) if door not in {"folder", "manifest"} else "small",
            array=array,
            sequential=bool(array) and self.share("sequential") < _SEQUENTIAL,
            flaw=flaw,
            stem=self.name + odd if odd else "",
            keyed=not forced and self.share("keyed") < _KEYED,
            after=calls[int(self.share("after which") * len(calls))] if after else "",
            cancelled=self.seconds("cancelled", _CANCELLED, 60.0) if is_call else None,
            gives_up=self.share("gives up") < _GIVE_UP,
            forced=forced,
            dry=is_call and not forced and self.share("dry") < _DRY,
            rerun=self.one_of("rerun", RERUNS) if is_call else "",
            rerun_after=600.0 * self.share("rerun at"),
            looks=self.seconds("looks", _LOOKS, 300.0) if is_call else None,
            kinds=self.some("kinds", _KINDS) if has_body else None,
            channels=self.some("channels", _CHANNELS) if has_body else None,
            expected_seconds=1 + int(600 * self.share("expects")) if self.share("due") < _EXPECTED else None,
            brief=has_body and self.share("brief") < _BRIEF,
            again=None if is_call else self.seconds("again", _AGAIN, 120.0),
            deleted=None if is_call else self.seconds("deleted", _DELETED, 5.0),
            conflicts=self.seconds("conflicts", _CONFLICTS, 60.0) if is_call else None,
            cloned=self.seconds("cloned", _CLONED, 300.0) if is_call else None,
            stopped=self.seconds("stopped", _STOPPED, 600.0) if is_call else None,
            shape=self.share("shape"),
        )

    def twins(self) -> tuple[float, ...]:
        """Most are few and come now or later, some are a storm within a short time."""
        if self.share("storm") < _STORMS:
            count = _FEWEST_IN_A_STORM + int(
                self.share("strength") * (_MOST_IN_A_STORM - _FEWEST_IN_A_STORM + 1)
            )
            within = _WITHIN_SECONDS[int(self.share("storm within") * len(_WITHIN_SECONDS))]
            return tuple(within * self.share("twin at", i) for i in range(count))
        return tuple(
            _WITHIN_SECONDS[int(self.share("twin", i) * len(_WITHIN_SECONDS))] * self.share("twin at", i)
            for i in range(int(self.share("twins") * (_MOST_TWINS + 1)))
        )
