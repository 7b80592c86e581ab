"""Secret over Secrets Manager."""

import pytest

from pulse.aws.secrets import KEPT_SECONDS, Secret
from pulse.domain.errors import Misconfigured


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


def test_should_keep_a_secret_for_a_while(place):
    clock, id_ = Clock(), place.secret("first")
    secret = Secret(place.client("secretsmanager"), id_, clock)
    assert secret.value() == "first"
    place.rotate(id_, "second")
    assert secret.value() == "first"
    clock.seconds = KEPT_SECONDS + 1
    assert secret.value() == "second"


def test_should_read_a_secret_anew_when_it_is_to_be_forgotten(place):
    id_ = place.secret("first")
    secret = Secret(place.client("secretsmanager"), id_)
    secret.value()
    place.rotate(id_, "second")
    secret.forget()
    assert secret.value() == "second"


def test_should_blame_the_settings_when_there_is_no_such_secret(place):
    place.secret("first")
    with pytest.raises(Misconfigured):
        Secret(place.client("secretsmanager"), "none").value()
