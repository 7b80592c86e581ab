"""The simulation's event source mapping."""

from collections import Counter

import pytest

from tests.simulation.event_source import EventSource, failures
from tests.simulation.kernel import Kernel
from tests.simulation.sqs_queue import Queue

VISIBILITY_SECONDS = 180.0
DAY = 86_400.0
RECORD = {
    "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource",
    "eventSourceARN", "awsRegion",
}  # fmt: skip
"""https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""


class Function:
    """Handles the bodies it gets, each for two seconds; `does` says by a body and its delivery what comes of
    it: True, a failure or an exception.
    """

    def __init__(self, kernel, does=lambda *_: True):
        self.kernel, self.does = kernel, does
        self.handled, self.events, self.at_once, self.most = [], [], 0, 0

    def __call__(self, event):
        self.events.append(event)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            return {"batchItemFailures": [one for record in event["Records"] for one in self._handle(record)]}
        finally:
            self.at_once -= 1

    def _handle(self, record):
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        self.kernel.call("world", "Handle", lambda: None)
        self.kernel.sleep(2)
        done = self.does(record["body"], receives)
        if isinstance(done, Exception):
            raise done
        self.handled.append((self.kernel.now, record["body"], receives))
        if not done:
            yield {"itemIdentifier": record["messageId"]}

    @property
    def bodies(self):
        return [body for _, body, _ in self.handled]


def fed(kernel, function, *, max_receives=0, **settings):
    """A queue that feeds this function."""
    dead = Queue(kernel, "dead")
    queue = Queue(
        kernel, "queue", visibility_seconds=VISIBILITY_SECONDS, max_receives=max_receives, dead_letters=dead
    )
    EventSource(
        kernel,
        queue,
        function="function",
        handle=function,
        **{"batch_size": 5, "max_concurrency": 3, "lives": 30.0, **settings},
    )
    return queue


@pytest.fixture
def kernel():
    kernel = Kernel(3, {})
    kernel.faulty = False
    return kernel


def test_should_hand_over_an_event_in_the_shape_of_lambda(kernel):
    function = Function(kernel)
    queue = fed(kernel, function)
    sent = queue.put("{}", attributes={"kind": {"DataType": "String", "StringValue": "FAILED"}})
    kernel.run(DAY)
    [record] = function.events[0]["Records"]
    assert record.keys() == RECORD
    assert (record["messageId"], record["body"], record["eventSourceARN"]) == (sent.id, "{}", queue.arn)
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["kind"]["stringValue"] == "FAILED"


def test_should_handle_all_messages_once_and_then_rest(kernel):
    function = Function(kernel)
    queue = fed(kernel, function)
    for number in range(100):
        queue.put(str(number))
    kernel.run(DAY)
    assert sorted(function.bodies) == sorted(map(str, range(100)))
    assert not queue.messages
    assert kernel.is_idle


def test_should_run_several_at_once_but_no_more_than_it_may(kernel):
    function = Function(kernel)
    queue = fed(kernel, function)
    for number in range(100):
        queue.put(str(number))
    kernel.run(DAY)
    assert function.most == 3
    assert 1 < max(len(event["Records"]) for event in function.events) <= 5


def test_should_start_at_once_when_a_message_comes_later(kernel):
    function = Function(kernel)
    queue = fed(kernel, function)
    kernel.after(1000, lambda: queue.put("late"))
    kernel.run(DAY)
    [(at, _, _)] = function.handled
    assert 1000 < at < 1005


def test_should_bring_again_only_what_failed(kernel):
    function = Function(kernel, lambda body, receives: body != "3" or receives > 1)
    queue = fed(kernel, function)
    for number in range(5):
        queue.put(str(number))
    kernel.run(DAY)
    assert Counter(function.bodies) == {"0": 1, "1": 1, "2": 1, "3": 2, "4": 1}
    first, second = (at for at, body, _ in function.handled if body == "3")
    assert VISIBILITY_SECONDS - 30 < second - first < VISIBILITY_SECONDS + 30


def test_should_bring_the_whole_batch_again_when_the_function_raises(kernel):
    function = Function(kernel, lambda _, receives: receives > 1 or ValueError("crashed"))
    queue = fed(kernel, function)
    for number in range(5):
        queue.put(str(number))
    kernel.run(DAY)
    assert sorted(function.bodies) == ["0", "1", "2", "3", "4"]
    assert {receives for _, _, receives in function.handled} == {2}


def test_should_bring_the_whole_batch_again_when_the_function_runs_out_of_time(kernel):
    function = Function(kernel)
    queue = fed(kernel, function, lives=1.0, max_receives=2)
    queue.put("a")
    kernel.run(DAY)
    assert function.handled == []
    assert len(function.events) == 2
    assert [one.body for one in queue.dead_letters.receive(5)] == ["a"]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, ""),
        ({}, ""),
        ({"batchItemFailures": []}, ""),
        ({"batchItemFailures": None}, ""),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, "a"),
        ({"batchItemFailures": [{"itemIdentifier": "none"}]}, "ab"),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, "ab"),
        ({"batchItemFailures": [{"id": "a"}]}, "ab"),
        ({"batchItemFailures": ["a"]}, "ab"),
        ("fine", "ab"),
    ],
)
def test_should_take_an_answer_as_lambda_does(answer, failed):
    assert failures(answer, {"a": "", "b": ""}) == set(failed)


def chaos(seed, bodies):
    kernel = Kernel(seed, {"died before": 0.1, "died after": 0.1, "lost": 0.1})
    function, ended = Function(kernel), []
    queue = fed(kernel, function, watch=ended.append)
    for body in bodies:
        queue.put(body)
    kernel.run(500)
    kernel.faulty = False
    kernel.run(DAY)
    return function, queue, ended


def test_should_handle_every_message_in_the_end_whatever_goes_wrong():
    bodies = list(map(str, range(200)))
    function, queue, ended = chaos(5, bodies)
    assert set(function.bodies) == set(bodies)
    assert not queue.messages
    assert len(function.bodies) > 200
    assert {one.has_died for one in ended} == {True, False}
    assert len({one.name for one in ended}) == len(ended)


def test_should_do_the_same_with_the_same_seed():
    bodies = list(map(str, range(50)))
    assert chaos(5, bodies)[0].handled == chaos(5, bodies)[0].handled
