import pytest
import yaml

from pulse.cli.client import request_yaml
from pulse.domain.validation import InvalidInput


def faults(text):
    with pytest.raises(InvalidInput) as raised:
        request_yaml.read(text)
    return [str(fault) for fault in raised.value.faults]


def test_should_read_what_looks_like_what_it_is():
    assert request_yaml.read(
        """
        start_date: 2018-01-01
        end_date: 2018-12-31 10:00:00
        dataset: datasets/a.csv
        batch_size_days: 30
        vcpus: 0.5
        use_dask: true
        variables: ["no", '1_000', spx close]
        missing_values: [-999, -99.5, n/a, "~"]
        alerts: null
        tags: {1.10: "1.10", on: x, 2024-01-31: 2024-01-31, <<: {Team: a}}
        """
    ) == {
        "start_date": "2018-01-01",
        "end_date": "2018-12-31 10:00:00",
        "dataset": "datasets/a.csv",
        "batch_size_days": 30,
        "vcpus": 0.5,
        "use_dask": True,
        "variables": ["no", "1_000", "spx close"],
        "missing_values": [-999, -99.5, "n/a", "~"],
        "alerts": None,
        "tags": {"1.10": "1.10", "on": "x", "2024-01-31": "2024-01-31", "Team": "a"},
    }


def test_should_refuse_a_field_that_is_named_twice_with_both_values_and_lines():
    assert faults("profile: small\nattempts: 1\nprofile: large\n") == [
        "profile: allowed is each field once; found small on line 1 and large on line 3"
    ]
    assert faults("sweep:\n  batch_size_days: [7, 30]\n  batch_size_days: [14]\n") == [
        "sweep.batch_size_days: allowed is each field once; found [7, 30] on line 2 and [14] on line 3"
    ]
    assert faults('depends_on: [{job_id: a, "job_id": b}]\n') == [
        "depends_on[0].job_id: allowed is each field once; found a and then b on line 1"
    ]


NUMBER, TRUTH = "a number in decimal digits, or a text in quotes", "true or false, or a text in quotes"


@pytest.mark.parametrize(
    ("word", "instead"),
    [
        *(
            (word, NUMBER)
            for word in ("010", "-007", "1_000", "0x1F", "0b11", "1:30", "1:30.5", ".inf", ".nan")
        ),
        *((word, TRUTH) for word in ("no", "Yes", "ON", "off")),
    ],
)
def test_should_refuse_a_word_that_yaml_takes_for_something_else(word, instead):
    assert faults(f"profile: small\ntags: {{Build: {word}}}\n") == [
        f"tags.Build: allowed is {instead}; found {word} on line 2"
    ]
    assert request_yaml.read(f'tags: {{Build: "{word}"}}\n') == {"tags": {"Build": word}}


@pytest.mark.parametrize("word", ["NULL", "~", "null", ""])
def test_should_refuse_nothing_among_the_values_of_a_list(word):
    (told,) = faults(f"missing_values: [-999, {word}, 1]\n") if word else faults("missing_values:\n  -\n")
    assert "which YAML takes for nothing" in told


@pytest.mark.parametrize(
    "text", ["a: !!binary aGk=", "a: !!set {b}", "? [a, b]\n: 1", "a: &x [1, *x]", "a: &x {b: *x}"]
)
def test_should_refuse_what_json_cannot_hold(text):
    assert len(faults(text)) == 1


def test_should_tell_every_fault_at_once():
    assert len(faults("a: no\nb: 010\nb: 1\nc: [~]\n")) == 4


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\t", "a: 1\n---\nb: 2\n", "a: *x", "a: \x00"])
def test_should_raise_what_yaml_raises_for_what_is_none(text):
    with pytest.raises(yaml.YAMLError):
        request_yaml.read(text)


def test_should_read_an_empty_file_as_nothing():
    assert request_yaml.read("# only a comment\n") is None
