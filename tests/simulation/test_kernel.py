"""The kernel of the simulation: virtual time, and what is left of an invocation."""

import gc
import weakref

from tests.simulation.kernel import Kernel


class Held:
    """What an invocation works with."""


def test_who_waits_goes_on_in_the_order_of_time():
    kernel, story = Kernel(1, {}), []

    def work(name, *waits):
        for seconds in waits:
            kernel.sleep(seconds)
            story.append((kernel.now, name))

    kernel.start("first", lambda: work("first", 1.0, 2.0), lambda _: None)
    kernel.start("second", lambda: work("second", 1.0, 0.5, 3.0), lambda _: None)
    kernel.after(4.0, lambda: story.append((kernel.now, "world")))
    kernel.run(4.0)
    assert story == [(1.0, "first"), (1.0, "second"), (1.5, "second"), (3.0, "first"), (4.0, "world")]
    assert kernel.now == 4.0
    kernel.run(10.0)
    assert story[-1] == (4.5, "second")


def test_who_waits_for_nobody_ends_when_its_time_is_over():
    kernel, died = Kernel(1, {}), []
    kernel.start("alone", lambda: kernel.sleep(60.0), lambda one: died.append(one.has_died), lives=28.0)
    kernel.run(100.0)
    assert died == [True]
    assert kernel.now == 28.0


def under_way(seconds, called):
    """A kernel with an invocation that is not at its end then, and a reference to what it holds."""
    kernel, held = Kernel(1, {}), Held()

    def work(held):
        try:
            kernel.sleep(20.0)
        finally:
            kernel.call("sqs", "SendMessage", lambda: called.append(held))

    kernel.start("long", lambda: work(held), called.append)
    kernel.start("later", lambda: None, called.append, after=15.0)
    kernel.run(seconds)
    return kernel, weakref.ref(held)


def test_nothing_is_left_of_an_invocation_that_was_under_way():
    called = []
    kernel, held = under_way(10.0, called)
    kernel.close()
    del kernel
    gc.collect()
    assert held() is None
    assert called == []
