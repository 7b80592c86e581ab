"""Failures on demand from Python: `with faults.injected(url, jobs=[{"how": "spot-fargate", "times": 1}]): …`.

`url` is `Instance.pages_url`, which nobody else knows. What a document may hold is said in
`localaws/README.md` and checked by the server (`batch/border/control.py`).
"""

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Document = dict[str, Any]


class FaultsRefused(Exception):
    """Raised when the server does not take the document; its text names every fault."""


def put(pages_url: str, *, jobs: Sequence[Document] = (), events: Mapping[str, float] | None = None) -> None:
    """Puts these failures in force, in place of all others. Raises FaultsRefused."""
    _ask(pages_url, "PUT", {"jobs": list(jobs), "events": dict(events or {})})


def clear(pages_url: str) -> None:
    """Nothing fails on demand any more; jobs that found no place go on."""
    _ask(pages_url, "DELETE")


def shown(pages_url: str) -> Document:
    """What is in force, how often each rule struck, and what became of the events since (`told`)."""
    return _ask(pages_url, "GET")


@contextlib.contextmanager
def injected(
    pages_url: str, *, jobs: Sequence[Document] = (), events: Mapping[str, float] | None = None
) -> Iterator[None]:
    """In force inside the block. Raises FaultsRefused."""
    put(pages_url, jobs=jobs, events=events)
    try:
        yield
    finally:
        clear(pages_url)


def _ask(pages_url: str, method: str, document: Document | None = None) -> Document:
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(  # noqa: S310 - the instance's own loopback address
        f"{pages_url}/batch/faults", body, {"content-type": "application/json"}, method=method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            found: Document = json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        raise FaultsRefused(refusal.read().decode()) from None
    return found
