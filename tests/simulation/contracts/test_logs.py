"""Logs over CloudWatch Logs."""

import pytest

from pulse.aws.logs import Logs
from pulse.domain.errors import InvalidCall

LINES = [f"line {number}" for number in range(5)]


@pytest.fixture
def stream(place):
    return place.log(LINES)


@pytest.fixture
def logs(place):
    client = place.client("logs")
    return Logs(lambda: client)


def texts(lines):
    return [line.text for line in lines]


def test_should_read_a_stream_page_by_page_to_its_end(logs, stream):
    pages, token, ended = [], "", False
    while not ended:
        page = logs.read(*stream, most=2, token=token)
        pages.append(texts(page.lines))
        ended, token = page.token == token, page.token
    assert [page for page in pages if page] == [LINES[:2], LINES[2:4], LINES[4:]]


def test_should_read_the_last_lines_the_oldest_first(logs, stream):
    assert texts(logs.last(*stream, most=2)) == LINES[3:]
    assert texts(logs.last(*stream, most=100)) == LINES


def test_should_find_no_lines_where_there_is_no_stream_or_group(logs, stream):
    group, name = stream
    for missing in ((group, "none"), ("/none", name)):
        assert logs.read(*missing, most=5, token="") is None
        assert logs.last(*missing, most=5) == ()


def test_should_refuse_a_token_that_is_none(logs, stream):
    with pytest.raises(InvalidCall):
        logs.read(*stream, most=5, token="nonsense")
