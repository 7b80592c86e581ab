"""Answers of S3 whose connection breaks in the middle."""

import socket
import threading
from collections.abc import Iterator
from io import BytesIO
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config

from pulse.aws.s3 import Objects
from pulse.domain.errors import Unavailable

HEAD = b"HTTP/1.1 %b\r\nContent-Length: 100\r\nContent-Range: bytes 0-99/100\r\n\r\n"


@pytest.fixture
def objects() -> Iterator[Objects]:
    """Of an S3 that says 100 bytes and sends 40."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    partial = b"\r\nRange:" in connection.recv(65536).title()
                    connection.sendall(HEAD % (b"206 Partial Content" if partial else b"200 OK") + b"{" * 40)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{server.getsockname()[1]}",
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="s",
            config=Config(retries={"total_max_attempts": 1}),
        )
        yield Objects(lambda: client)
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("limit", [100, 1000])
def test_should_not_take_the_half_of_an_object_for_all_of_it(objects, limit):
    with pytest.raises(Unavailable, match="40 of 100 bytes"):
        objects.read("bucket", "requests/a.json", limit_bytes=limit)


def test_should_not_take_the_half_of_a_part_for_all_of_it(objects):
    with pytest.raises(Unavailable):
        objects.read_range("bucket", "datasets/a.csv", "bytes=0-99")


@pytest.mark.parametrize(
    "read",
    [
        lambda objects: objects.read("bucket", "requests/a.json", limit_bytes=10),
        lambda objects: objects.read_range("bucket", "datasets/a.csv", "bytes=0-99"),
    ],
    ids=["whole", "part"],
)
def test_should_not_take_an_answer_that_does_not_say_how_long_it_is(read):
    """S3 always does. What comes in chunks may be a half that something on its way ended in good order."""
    client = SimpleNamespace(get_object=lambda **_: {"Body": BytesIO(b"{}")})
    with pytest.raises(Unavailable, match="how long it is"):
        read(Objects(lambda: client))
