"""Hosts, origins and sites: which requests a browser may have been made to send."""

import pytest

from localaws.protection import origin


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:4566", "127.0.0.1", "localhost:4566", "LocalHost:1", "[::1]:4566"),
        *("bucket.localhost:4566", "my.dotted.bucket.s3.localhost:4566", "bucket.s3.us-east-1.localhost"),
        "a1b2c3d4.execute-api.localhost:4566",
    ],
)
def test_loopback_and_the_virtual_hosts_below_localhost_are_ours(host):
    assert origin.refusal([(b"host", host.encode())]) is None
    assert origin.refusal([(b"host", host.encode()), (b"origin", f"http://{host}".encode())]) is None


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example:4566", "127.0.0.1.evil.example", "localhost.evil.example:4566", "evil-localhost"),
        *(
            "127.0.0.2",
            "127.0.0.1:4566:80",
            "127.0.0.1:evil.example",
            "127.0.0.1@evil.example",
            "",
            "1.localhost:",
        ),
        *(
            ".localhost",
            "127.0.0.1 evil.example",
            "localhost\n",
            "s3.amazonaws.com",
            "0.0.0.0:4566",
            "192.168.1.2",
        ),
    ],
)
def test_another_host_is_refused_by_its_name(host):
    if host != host.strip():
        host += "x"  # a server strips what stands around a value
    assert "not to" in origin.refusal([(b"host", host.encode())])


def test_two_hosts_or_none_are_refused():
    assert origin.refusal([])
    assert origin.refusal([(b"host", b"localhost"), (b"Host", b"evil.example")])


@pytest.mark.parametrize(
    "said",
    [
        *(
            "http://evil.example",
            "null",
            "http://127.0.0.1:9",
            "https://127.0.0.1:4566",
            "http://localhost:4566",
            "",
        ),
        "http://bucket.localhost:4566",
    ],
)
def test_a_page_of_another_origin_is_refused_be_it_on_this_machine(said):
    refused = origin.refusal([(b"host", b"127.0.0.1:4566"), (b"origin", said.encode())])
    assert "does not answer web pages of other origins" in refused


@pytest.mark.parametrize(
    ("site", "answered"),
    [("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False), ("new-word", False)],
)
def test_what_another_page_asked_for_is_refused(site, answered):
    headers = [(b"host", b"127.0.0.1:4566"), (b"sec-fetch-site", site.encode())]
    assert (origin.refusal(headers) is None) == answered


def test_a_hostile_host_is_shown_harmless():
    assert "\\u202e" not in origin.refusal([(b"host", "\u202e".encode())])
    assert "\x1b" not in origin.refusal([(b"host", b"\x1b[2J")])
    assert len(origin.refusal([(b"host", b"x" * 10_000)])) < 400


@pytest.mark.parametrize(
    ("host", "bare"),
    [("127.0.0.1:1", True), ("localhost", True), ("bucket.localhost", False), ("evil", False)],
)
def test_a_bucket_s_host_is_not_the_instance_itself(host, bare):
    assert origin.is_bare(host) == bare
