"""The HTTP API of a deployment, called with the credentials of an AWS session (SigV4)."""

import json
import re
from typing import Any

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from pulse.aws.errors import as_domain_errors
from pulse.domain.errors import Misconfigured

SERVICE = "execute-api"
TIMEOUT_SECONDS = 35.0
"""Longer than an HTTP API waits for its function (30 s)."""
DEFAULT_REGION = "us-east-1"
_REGION = re.compile(rf"\.{SERVICE}\.([a-z0-9-]+)\.amazonaws\.")


def session(region: str | None = None) -> boto3.Session:
    """A session of the usual credential chain; without a region anywhere: us-east-1.

    Raises Unavailable when AWS_PROFILE names a profile that does not exist.
    """
    with as_domain_errors("Reading the AWS configuration"):
        found = boto3.Session(region_name=region)
        return found if found.region_name else boto3.Session(region_name=DEFAULT_REGION)


class SignedApi:
    """Sends one request a call and never repeats one: what may be repeated, the caller decides. `reached`:
    an answer has come, whatever it said.
    """

    def __init__(self, url: str, session: boto3.Session) -> None:
        self.url = url.rstrip("/")
        self.reached = False
        self._session = session
        named = _REGION.search(self.url)
        self._region = named[1] if named else session.region_name

    def credentials(self) -> ReadOnlyCredentials:
        """Raises Misconfigured when there are none, Unavailable when they cannot be fetched."""
        with as_domain_errors("Fetching AWS credentials"):
            found = self._session.get_credentials()
            if found is not None:
                return found.get_frozen_credentials()
        raise Misconfigured(
            "No AWS credentials were found. Set a profile (AWS_PROFILE) or keys, then run it again."
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """`path` as it is sent, percent-encoded where needed.

        Raises httpx.TransportError when no answer came; before anything is sent, what `credentials` raises.
        """
        credentials = self.credentials()
        content = b"" if body is None else json.dumps(body).encode()
        request = httpx.Request(
            method,
            self.url + path,
            params=query or None,
            content=content,
            headers={"content-type": "application/json", **(headers or {})},
        )
        signed = AWSRequest(method, str(request.url), data=content, headers=dict(headers or {}))
        SigV4Auth(credentials, SERVICE, self._region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            answer = client.send(request)
        self.reached = True
        return answer
