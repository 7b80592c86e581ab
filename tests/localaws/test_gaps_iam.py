"""Policies match what AWS matches."""

import pytest


def test_a_wildcard_stands_for_line_breaks_in_a_key(aws, as_role):
    aws.client("s3").create_bucket(Bucket="wild")
    role = as_role("s3", {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::wild/in/*"})
    role.put_object(Bucket="wild", Key="in/two\nlines.csv", Body=b"x")
    role.put_object(Bucket="wild", Key="in/\r\n", Body=b"x")
    with pytest.raises(role.exceptions.ClientError, match="AccessDenied"):
        role.put_object(Bucket="wild", Key="out/\nin/x", Body=b"x")


def test_a_line_break_after_the_allowed_key_is_another_key(aws, as_role):
    aws.client("s3").create_bucket(Bucket="exact")
    role = as_role("s3", {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::exact/key"})
    role.put_object(Bucket="exact", Key="key", Body=b"x")
    with pytest.raises(role.exceptions.ClientError, match="AccessDenied"):
        role.put_object(Bucket="exact", Key="key\n", Body=b"x")


def test_a_policy_can_ask_for_conditional_writes(aws, as_role):
    aws.client("s3").create_bucket(Bucket="once")
    key = "arn:aws:s3:::once/*"
    role = as_role(
        "s3",
        {"Action": "s3:PutObject", "Resource": key},
        {
            "Effect": "Deny",
            "Action": "s3:PutObject",
            "Resource": f"{key}/claim.json",
            "Condition": {"Null": {"s3:if-none-match": "true"}},
        },
    )
    role.put_object(Bucket="once", Key="a/claim.json", Body=b"mine", IfNoneMatch="*")
    role.put_object(Bucket="once", Key="a/other.json", Body=b"x")
    with pytest.raises(role.exceptions.ClientError, match="AccessDenied"):
        role.put_object(Bucket="once", Key="a/claim.json", Body=b"theirs")
    with pytest.raises(role.exceptions.ClientError, match="PreconditionFailed"):
        role.put_object(Bucket="once", Key="a/claim.json", Body=b"theirs", IfNoneMatch="*")
