"""What clients sign is accepted with their secret, and with no other; botocore itself is the client here."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from localaws.protection.signatures import Received, Refused, check, claimed

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST = "http://127.0.0.1:4566"
REQUESTS = [
    ("GET", "/", b""),
    ("POST", "/", b"Action=ListQueues&Version=2012-11-05"),
    ("GET", "/bucket/a%20key%2Bwith%3Fmarks/%C3%BC?list-type=2&prefix=a%2Fb&delimiter=", b""),
    ("PUT", "/bucket//two/../slashes/", b"body"),
    ("GET", "/v1/tags/arn%3Aaws%3Abatch?tagKeys=b&tagKeys=a&tagKeys=%20", b""),
    ("DELETE", "/bucket/key?versionId=null&acl", b""),
]
SIGNERS = [
    ("sqs", SigV4Auth),
    ("s3", S3SigV4Auth),
    ("execute-api", SigV4QueryAuth),
    ("s3", S3SigV4QueryAuth),
]


def signed(method, path, body, service, signer, **headers):
    """The request as a server sees it; botocore signs no body in a query string."""
    request = AWSRequest(
        method, HOST + path, data=None if "Query" in signer.__name__ else body, headers=headers
    )
    signer(Credentials("AKIAEXAMPLE", SECRET, "token"), service, "eu-west-1").add_auth(request)
    split = urlsplit(request.url)
    seen = {name.lower(): value for name, value in request.headers.items()} | {"host": split.netloc}
    return Received(method, split.path, split.query, seen)


def verdict(request, body=b"", secret=SECRET, later=timedelta(0)):
    """`later`: how long after the signature the request comes."""
    try:
        check(request, body, claimed(request), secret, datetime.now(UTC) + later)
    except Refused as refused:
        return refused.code
    return "accepted"


@pytest.mark.parametrize(("service", "signer"), SIGNERS)
@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_what_botocore_signs_is_accepted_and_with_another_secret_it_is_not(
    method, path, body, service, signer
):
    request = signed(method, path, body, service, signer)
    body = b"" if signer is SigV4QueryAuth else body
    assert claimed(request).key_id == "AKIAEXAMPLE"
    assert claimed(request).token == "token"
    assert verdict(request, body) == "accepted"
    assert verdict(request, body, secret=SECRET[:-1]) == "SignatureDoesNotMatch"


@pytest.mark.parametrize(("service", "signer"), SIGNERS)
def test_a_request_that_was_changed_is_not_accepted(service, signer):
    body = b"" if service == "execute-api" else b"body"
    request = signed("PUT", "/bucket/key?a=1", body, service, signer, **{"x-amz-acl": "private"})
    changed = [
        replace(request, method="POST"),
        replace(request, path="/bucket/other"),
        replace(request, query=request.query.replace("a=1", "a=2")),
        replace(request, query=f"{request.query}&b="),
        replace(request, headers={**request.headers, "host": "127.0.0.1:1"}),
    ]
    if signer in {SigV4Auth, S3SigV4Auth}:
        changed.append(replace(request, headers={**request.headers, "x-amz-acl": "public-read"}))
    assert [verdict(one, body) for one in changed] == ["SignatureDoesNotMatch"] * len(changed)
    if service != "s3":  # S3's clients say the hash of the body in a header, and S3 compares it itself
        assert verdict(request, b"other") == "SignatureDoesNotMatch"


@pytest.mark.parametrize("said", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_a_payload_that_is_not_signed_is_not_read(said):
    request = AWSRequest("PUT", f"{HOST}/bucket/key", headers={"X-Amz-Content-SHA256": said})
    signer = SigV4Auth(Credentials("AKIAEXAMPLE", SECRET), "s3", "us-east-1")
    signer._normalize_url_path = lambda path: path
    signer.add_auth(request)
    seen = {name.lower(): value for name, value in request.headers.items()} | {"host": "127.0.0.1:4566"}
    received = Received("PUT", "/bucket/key", "", seen)
    assert not claimed(received).covers_body(received)
    assert verdict(received) == "accepted"


@given(
    key=st.text(st.characters(codec="utf-8"), min_size=1),
    value=st.text(st.characters(codec="utf-8")),
    signer=st.sampled_from(SIGNERS),
)
def test_any_key_and_any_value_of_a_query_can_be_signed(key, value, signer):
    path = f"/bucket/{quote(key, safe='')}?{quote(key, safe='')}={quote(value, safe='')}"
    assert verdict(signed("GET", path, b"", *signer)) == "accepted"


@pytest.mark.parametrize(
    ("signer", "after", "expected"),
    [
        (SigV4Auth, timedelta(minutes=14), "accepted"),
        (SigV4Auth, timedelta(minutes=16), "RequestTimeTooSkewed"),
        (SigV4Auth, -timedelta(minutes=16), "RequestTimeTooSkewed"),
        (SigV4QueryAuth, timedelta(minutes=59), "accepted"),
        (SigV4QueryAuth, timedelta(minutes=61), "RequestExpired"),
        (SigV4QueryAuth, -timedelta(minutes=16), "RequestTimeTooSkewed"),
    ],
)
def test_a_signature_has_its_time(signer, after, expected):
    assert verdict(signed("GET", "/", b"", "sqs", signer), later=after) == expected


@pytest.mark.parametrize(
    "parts",
    [
        "Credential=AKIAEXAMPLE/20261130/us-east-1/sqs, SignedHeaders=host, Signature=00",
        "Credential=AKIAEXAMPLE/20261130/us-east-1/sqs/aws4_request, SignedHeaders=, Signature=00",
        "Credential=AKIAEXAMPLE/20261130/us-east-1/sqs/aws4_request, SignedHeaders=host",
        "Credential=/20261130/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=00",
        "",
    ],
)
def test_a_signature_with_a_part_missing_is_incomplete(parts):
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 {parts}",
        "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        "host": "127.0.0.1",
    }
    with pytest.raises(Refused, match="IncompleteSignature"):
        claimed(Received("GET", "/", "", headers))


@pytest.mark.parametrize(
    ("authorization", "query"),
    [
        ("AWS AKIAEXAMPLE:signature=", ""),
        ("AWS4-ECDSA-P256-SHA256 Credential=AKIAEXAMPLE/20261130/s3/aws4_request", ""),
        ("", "AWSAccessKeyId=AKIAEXAMPLE&Signature=x&Expires=1"),
        ("", "x-amz-credential=AKIAEXAMPLE/20261130/us-east-1/s3/aws4_request"),
        ("", "X-Amz-Signature=00"),
    ],
)
def test_what_looks_like_a_signature_but_is_none_that_is_understood_is_refused(authorization, query):
    with pytest.raises(Refused, match="UnsupportedSignature"):
        claimed(Received("GET", "/", query, {"authorization": authorization, "host": "127.0.0.1"}))


def test_without_any_sign_of_a_signature_nobody_is_claimed():
    assert claimed(Received("GET", "/", "a=1", {"authorization": "Bearer x", "host": "127.0.0.1"})) is None
