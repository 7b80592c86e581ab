import pytest

from pulse.domain.errors import Misconfigured
from pulse.services.alert.post_slack import check_url

HOSTS = ("hooks.slack.com", "127.0.0.1", "[::1]", "localhost:8080", "internal.example.com")


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/T/B/x",
        "http://127.0.0.1:4566/_localaws/inbox/slack",
        "http://localhost:8080/slack",
        "https://internal.example.com/slack",
    ],
)
def test_should_allow_https_and_loopback(url):
    check_url(url, HOSTS)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://hooks.slack.com/services/T/B/x", "https://"),
        ("http://internal.example.com/x", "https://"),
        ("file://127.0.0.1/etc/passwd", "https://"),
        ("http://localhost:9090/slack", "not one of"),
        ("https://hooks.slack.com.evil.example/x", "not one of"),
        ("https://hooks.slack.com@evil.example/x", "user name"),
        ("https://evil.example\\@hooks.slack.com/x", "user name"),
        ("https:///x", "not one of"),
        ("https://hooks.slack.com:port/x", "does not hold a URL"),
    ],
)
def test_should_refuse_any_other_address_without_repeating_its_path(url, told):
    with pytest.raises(Misconfigured, match=told) as caught:
        check_url(url, HOSTS)
    assert "/T/B/x" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://hooks.slack.com/a\nb", "https://hooks.slack.com/a b"])
def test_should_refuse_an_address_with_white_space(url):
    with pytest.raises(Misconfigured):
        check_url(url, HOSTS)
