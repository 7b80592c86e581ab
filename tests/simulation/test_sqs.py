"""The simulation's SQS."""

from types import SimpleNamespace

import pytest

from pulse.aws.client.dead_letters import DeadLetters
from tests.simulation.kernel import Kernel
from tests.simulation.sqs import SQS
from tests.simulation.sqs_queue import Queue

HOUR = 3600.0


@pytest.fixture
def kernel():
    kernel = Kernel(7, {})
    kernel.faulty = False
    return kernel


@pytest.fixture
def dead_letters(kernel):
    return Queue(kernel, "dead")


@pytest.fixture
def queue(kernel, dead_letters):
    return Queue(kernel, "queue", visibility_seconds=60, max_receives=2, dead_letters=dead_letters)


def pass_time(kernel, seconds):
    kernel.after(seconds, lambda: None)
    kernel.run(kernel.now + seconds)


def receive(kernel, queue, seconds=1.0):
    """What is received after so many seconds."""
    pass_time(kernel, seconds)
    return queue.receive(1000)


def test_should_bring_a_message_again_after_its_visibility_timeout(kernel, queue):
    queue.put("a")
    [first] = receive(kernel, queue)
    assert receive(kernel, queue, 58) == []
    [second] = receive(kernel, queue, 2)
    assert (first.id, second.receives) == (second.id, 2)


def test_should_bring_messages_in_another_order_than_they_were_sent(kernel, queue):
    sent = [str(number) for number in range(50)]
    for body in sent:
        queue.put(body)
    came = [message.body for message in receive(kernel, queue)]
    assert came != sent
    assert sorted(came) == sorted(sent)


def test_should_wait_as_long_as_a_message_is_delayed(kernel, queue):
    queue.put("a", delay_seconds=10)
    assert receive(kernel, queue, 9) == []
    assert len(receive(kernel, queue, 2)) == 1


def test_should_bury_what_was_received_too_often(kernel, queue, dead_letters):
    id_ = queue.put("a").id
    for _ in range(2):
        assert len(receive(kernel, queue, 61)) == 1
    assert receive(kernel, queue, 61) == []
    assert [(one.id, one.body) for one in dead_letters.receive(5)] == [(id_, "a")]
    assert not queue.messages


def test_should_move_dead_letters_back(kernel, queue, dead_letters):
    queue.put("a")
    for _ in range(3):
        receive(kernel, queue, 61)
    sqs = SQS(kernel, [queue, dead_letters])
    waiting = DeadLetters(SimpleNamespace(client=lambda _: sqs), dead_letters.arn)
    assert waiting.waiting() == 1
    assert waiting.redrive()
    assert waiting.waiting() == 0
    assert [(one.body, one.receives) for one in receive(kernel, queue)] == [("a", 1)]


def test_should_delete_by_the_handle_of_the_last_delivery_only(kernel, queue):
    queue.put("a")
    [message] = receive(kernel, queue)
    first = message.receipt_handle
    receive(kernel, queue, 61)
    queue.delete(first)
    assert queue.messages
    queue.delete(message.receipt_handle)
    assert not queue.messages
    assert receive(kernel, queue, 61) == []


def test_should_leave_a_message_visible_when_the_time_of_its_handle_is_over(kernel, queue):
    queue.put("a")
    [message] = receive(kernel, queue)
    pass_time(kernel, 61)
    queue.change_visibility(message.receipt_handle, HOUR)
    assert len(queue.receive(1)) == 1


def test_should_put_a_message_off_for_longer_than_its_visibility_timeout(kernel, queue):
    queue.put("a")
    [message] = receive(kernel, queue)
    queue.change_visibility(message.receipt_handle, HOUR)
    assert receive(kernel, queue, HOUR - 1) == []
    assert len(receive(kernel, queue, 2)) == 1


def deliveries(seed, *, faulty):
    """What comes of 3,000 messages, each deleted as soon as it came."""
    kernel = Kernel(seed, {})
    kernel.faulty = faulty
    queue, came = Queue(kernel, "queue"), []
    for number in range(3000):
        queue.put(str(number))
    for _ in range(100):
        for message in receive(kernel, queue, 10):
            came.append((message.body, message.receives))
            queue.delete(message.receipt_handle)
    return came


def test_should_bring_each_message_once_without_faults():
    came = deliveries(1, faulty=False)
    assert sorted(came) == sorted((str(number), 1) for number in range(3000))


def test_should_bring_some_messages_again_though_they_were_deleted():
    came = deliveries(1, faulty=True)
    again = [receives for _, receives in came if receives > 1]
    assert len({body for body, _ in came}) == 3000
    assert 5 < len(again) < 50


def test_should_do_the_same_with_the_same_seed_only():
    assert deliveries(1, faulty=True) == deliveries(1, faulty=True)
    assert deliveries(1, faulty=True) != deliveries(2, faulty=True)


def test_should_name_a_message_the_same_whatever_else_was_sent():
    alone, beside = Queue(Kernel(1, {}), "queue"), Queue(Kernel(1, {}), "queue")
    beside.put("b")
    assert alone.put("a").id == beside.put("a").id
    assert alone.put("a").id == beside.put("a").id
    assert len(alone.messages) == 2
