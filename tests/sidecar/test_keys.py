"""Which keys become files, and which are refused."""

from pathlib import PurePosixPath

import pytest
from data_sidecar import keys
from data_sidecar.failure import Failure
from hypothesis import assume, given
from hypothesis import strategies as st

from pulse.domain.s3.layout import is_hidden

FOLDER = "datasets/a/"
HOSTILE = [
    f"{FOLDER}../../x",
    f"{FOLDER}/etc/passwd",
    f"{FOLDER}b/./c",
    f"{FOLDER}b//c",
    f"{FOLDER}..",
    f"{FOLDER}{'x' * 256}",
    f"{FOLDER}{'ü' * 128}",
    f"{FOLDER}a\0b",
]


@pytest.mark.parametrize("key", HOSTILE)
def test_a_key_that_is_no_path_is_refused(key):
    for place in (lambda: keys.name_of(key), lambda: keys.below(FOLDER, [key])):
        with pytest.raises(Failure) as refused:
            place()
        assert refused.value.code == 65


def test_a_name_may_be_as_long_as_linux_allows():
    name = "ü" * 127 + "x"
    assert keys.below(FOLDER, [FOLDER + name]) == {FOLDER + name: PurePosixPath(name)}


def test_a_file_that_is_also_a_folder_is_refused():
    with pytest.raises(Failure, match=r"no file is also a folder") as refused:
        keys.below(FOLDER, [f"{FOLDER}b/c/d", f"{FOLDER}b"])
    assert refused.value.code == 65


@given(st.text(alphabet="a_.~$/ folder", max_size=20))
def test_the_same_names_are_passed_over_as_in_pulse(name):
    key = FOLDER + name
    assume(not {".", ".."} & {*name.split("/")})
    assert keys.is_passed_over(key, FOLDER) == (is_hidden(key, FOLDER) or key.endswith("/"))


@given(st.lists(st.text(alphabet="ab./\0", max_size=6), max_size=4))
def test_whatever_is_not_refused_stays_below_the_folder(names):
    try:
        paths = keys.below(FOLDER, [FOLDER + name for name in names])
    except Failure:
        return
    assert all(not path.is_absolute() and ".." not in path.parts for path in paths.values())
