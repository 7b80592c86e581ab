from pulse.domain.alerts.variables import verdicts
from pulse.domain.training.metrics import TrainingMetrics, VariableMetrics, parse


def judged(**trusts):
    return TrainingMetrics(
        variables={
            name: VariableMetrics(trust=trust, verdict=f"no better than {name}")
            for name, trust in trusts.items()
        }
    )


def test_should_say_the_verdict_on_the_most_trusted_and_how_many_more_there_are():
    assert verdicts(judged(a=0.1, b=0.4, c=0.3, d=0.2, e=0.0)) == [
        "b is no better than b.",
        "c is no better than c.",
        "d is no better than d.",
        "The report judges 2 more.",
    ]


def test_should_say_nothing_of_a_run_without_verdicts():
    assert verdicts(TrainingMetrics(variables={"a": VariableMetrics(trust=1.0)})) == []


def test_should_show_a_hostile_verdict_as_text_and_cut_it():
    body = b'{"variables": {"a\\u202e": {"trust": 1, "verdict": "fine\\r\\n\\u001b[2J' + b"x" * 500 + b'"}}}'
    [told] = verdicts(parse(body))
    assert told.startswith(r"a\u202e is fine\r\n\x1b[2Jx")
    assert told.isprintable()
    assert len(told) < 200
