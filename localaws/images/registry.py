"""Pushing: leaving a manifest in the instance's ECR, so that DescribeImages and the job's pull find the
image.
"""

import base64
import hashlib
import json
import urllib.error
import urllib.request
from pathlib import Path

from localaws.images.store import Image
from localaws.layout import Layout
from localaws.state import private

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"


class PushFailed(Exception):
    """The registry refused, or nobody answers at the endpoint."""


def keep_password(root: Path, said: str) -> None:
    """Of `docker login`, for the pushes that follow."""
    file = _password_file(root)
    file.parent.mkdir(parents=True, exist_ok=True)
    private.write(file, said)


def password(root: Path) -> str:
    """What the last login said; empty before the first."""
    file = _password_file(root)
    return file.read_text() if file.exists() else ""


def _password_file(root: Path) -> Path:
    return Layout(root).home / "registry-password"


def push(endpoint_url: str, image: Image, uri: str, password: str) -> str:
    """Pushes to `uri` (registry/repository:tag); the digest of the manifest. Raises PushFailed."""
    repository, _, tag = uri.partition("/")[2].rpartition(":")
    if not repository:
        raise PushFailed(f"{uri}: expected REGISTRY/REPOSITORY:TAG")
    base = f"{endpoint_url.rstrip('/')}/v2/{repository}"
    config = json.dumps(
        {"id": image.id, "config": {"Entrypoint": image.entrypoint, "Cmd": image.cmd}}
    ).encode()
    blob = f"{base}/blobs/uploads/?digest={_digest(config)}"
    _send(blob, "POST", config, "application/octet-stream", password)
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, "size": len(config), "digest": _digest(config)},
            "layers": [],
        }
    ).encode()
    _send(f"{base}/manifests/{tag}", "PUT", manifest, _MANIFEST, password)
    return _digest(manifest)


def _send(url: str, method: str, body: bytes, content_type: str, password: str) -> None:
    basic = base64.b64encode(f"AWS:{password}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - the endpoint that the caller chose
        url, body, {"Content-Type": content_type, "Authorization": f"Basic {basic}"}, method=method
    )
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(request, timeout=30).close()
    except urllib.error.HTTPError as error:
        raise PushFailed(
            f"{method} {url}: {error.code} {error.read(2000).decode(errors='replace')}"
        ) from None
    except OSError as error:
        raise PushFailed(f"{method} {url}: {error}. Is the AWS on this machine running?") from None


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
