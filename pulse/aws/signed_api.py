"""The HTTP API of a deployment, called with the credentials of an AWS session (SigV4)."""

import json
from typing import Any

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

SERVICE = "execute-api"
TIMEOUT_SECONDS = 35.0
"""Longer than an HTTP API waits for its function (30 s)."""


class SignedApi:
    """Sends one request a call and never repeats one: what may be repeated, the caller decides."""

    def __init__(self, url: str, session: boto3.Session) -> None:
        self._url = url.rstrip("/")
        self._session = session

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Raises httpx.TransportError when no answer came, and RuntimeError without credentials."""
        credentials = self._session.get_credentials()
        if credentials is None:
            message = "No AWS credentials were found. Set a profile (AWS_PROFILE) or keys, then run it again."
            raise RuntimeError(message)
        content = b"" if body is None else json.dumps(body).encode()
        request = httpx.Request(
            method,
            self._url + path,
            params=query or None,
            content=content,
            headers={"content-type": "application/json", **(headers or {})},
        )
        signed = AWSRequest(method, str(request.url), data=content, headers=dict(headers or {}))
        SigV4Auth(credentials.get_frozen_credentials(), SERVICE, self._session.region_name).add_auth(signed)
        request.headers.update(dict(signed.headers))
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            return client.send(request)
