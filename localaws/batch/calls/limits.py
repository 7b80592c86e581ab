"""Limits that a definition and a submission share, with the texts of AWS Batch where they are known.

Source: https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html and the API reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localaws.batch.errors import refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localaws.batch.model import Document

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
SHARE_IDENTIFIER = re.compile(r"[A-Za-z0-9]{1,255}\*?")
MOST_ATTEMPTS = 10
MOST_RETRY_RULES = 5
SHORTEST_TIMEOUT_SECONDS = 60
MOST_TAGS = 50
LONGEST_TAG_KEY = 128
LONGEST_TAG_VALUE = 256
LONGEST_REASON = 1024
MOST_SCHEDULING_PRIORITY = 9999
MOST_SHARES = 500
LONGEST_GLOB = 512
_WORDS = re.compile(r"[A-Za-z0-9.:\s]*\*?")
_GLOBS = {"onStatusReason": _WORDS, "onReason": _WORDS, "onExitCode": re.compile(r"[0-9]*\*?")}


def check_name(name: str, what: str) -> None:
    if not NAME.fullmatch(name):
        raise refused(
            f"{what} should match valid pattern: 1 to 128 letters, digits, - and _, starting with a "
            f"letter or digit; "
            f"found {name[:200]!r}"
        )


def check_retry_strategy(strategy: Document | None) -> None:
    """Attempts are 1 to 10 and never left out; at most five rules, each with a condition whose `*` stands
    only at the end.
    """
    if strategy is None:
        return
    if "attempts" not in strategy:
        raise refused("RetryAttempts must be provided with retry strategy")
    attempts = strategy["attempts"]
    if not 1 <= attempts <= MOST_ATTEMPTS:
        raise refused(f"RetryAttempts must be between 1 and {MOST_ATTEMPTS}, found {attempts}")
    rules = strategy.get("evaluateOnExit", [])
    if len(rules) > MOST_RETRY_RULES:
        raise refused(f"evaluateOnExit must have at most {MOST_RETRY_RULES} conditions, found {len(rules)}")
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: Document) -> None:
    conditions = {name: rule[name] for name in _GLOBS if name in rule}
    if not conditions:
        raise refused(f"evaluateOnExit must name at least one of {', '.join(_GLOBS)}")
    for name, glob in conditions.items():
        allowed = "digits" if name == "onExitCode" else "letters, digits, periods, colons and white space"
        if not 1 <= len(glob) <= LONGEST_GLOB:
            raise refused(f"{name} must have 1 to {LONGEST_GLOB} characters, found {len(glob)}")
        if not _GLOBS[name].fullmatch(glob):
            raise refused(f"{name} {glob!r} is not valid: {allowed}, and an asterisk at the end only")


def check_timeout(timeout: Document | None) -> None:
    """Raises ClientException for less than 60 seconds."""
    if timeout is None:
        return
    seconds = timeout.get("attemptDurationSeconds")
    if seconds is None or seconds < SHORTEST_TIMEOUT_SECONDS:
        raise refused(f"Timeout must be at least {SHORTEST_TIMEOUT_SECONDS} seconds, found {seconds}")


def check_environment(environment: Sequence[Document]) -> None:
    for variable in environment:
        name = str(variable.get("name", ""))
        if not name:
            raise refused("Environment variable name must not be empty")
        if name.startswith("AWS_BATCH"):
            raise refused(
                f"Environment variables must not start with AWS_BATCH, found {name}: the name is reserved"
            )


def check_tags(tags: Mapping[str, str]) -> None:
    """At most 50 tags of 128 and 256 characters; `aws:` is reserved."""
    if len(tags) > MOST_TAGS:
        raise refused(f"Number of tags must be at most {MOST_TAGS}, found {len(tags)}")
    for key, value in tags.items():
        if not 1 <= len(key) <= LONGEST_TAG_KEY or key.lower().startswith("aws:"):
            raise refused(
                f"Tag key must have 1 to {LONGEST_TAG_KEY} characters and not start with aws:, found {key!r}"
            )
        if len(value) > LONGEST_TAG_VALUE:
            raise refused(f"Tag value of {key!r} must have at most {LONGEST_TAG_VALUE} characters")


def check_reason(reason: str) -> None:
    if len(reason) > LONGEST_REASON:
        raise refused(f"reason must have at most {LONGEST_REASON} characters, found {len(reason)}")
