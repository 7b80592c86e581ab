"""What came out for each variable: windows, scores and trust, the values every output is made from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recursive_training.data.dataset import Dataset
from recursive_training.model import judgement
from recursive_training.model.judgement import Judgement
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.model.scores import Scores, StepScores, score, score_steps
from recursive_training.model.trust import CRITERIA, Trust
from recursive_training.resources import Usage
from recursive_training.series import Series


@dataclass(frozen=True)
class Outcome:
    """One variable with at least one window.

    `successes` and `trusts` follow the windows; `trust` is the last. `season` names the seasons of the
    seasonal-naive baseline in the order they came up, one unless the observations became denser or sparser.
    """

    series: Series
    parts: Sequence[Retrodiction]
    scores: Scores
    successes: list[bool]
    trusts: list[Trust]
    season: str
    judgement: Judgement
    by_step: StepScores

    @property
    def name(self) -> str:
        return self.series.name

    @property
    def trust(self) -> Trust:
        return self.trusts[-1]


def judge(series: Series, parts: Sequence[Retrodiction], criterion: str) -> Outcome:
    """Scores the windows, and updates trust with each in turn."""
    successes = [CRITERIA[criterion](part) for part in parts]
    trusts = [Trust()]
    for success in successes:
        trusts.append(trusts[-1].after(success))
    seasons = ", then ".join(dict.fromkeys(part.season for part in parts))
    return Outcome(
        series,
        parts,
        score(parts),
        successes,
        trusts[1:],
        seasons,
        judgement.judge(parts),
        score_steps(parts),
    )


def metrics(
    job_id: str,
    dataset: Dataset,
    outcomes: Sequence[Outcome],
    left_out: list[str],
    used: Usage,
) -> dict[str, Any]:
    """metrics.json. Scores that are not defined are null; bytes are as stored, columns those of numbers.

    `warnings` are what a person reads first, `reading` says how cells were understood.
    """
    return {
        "job_id": job_id,
        "dataset": [{"key": s.key, "version_id": s.version_id, "rows": s.rows} for s in dataset.sources],
        "data": {
            "bytes": sum(source.bytes for source in dataset.sources),
            "rows": sum(source.rows for source in dataset.sources),
            "columns": dataset.columns,
        },
        "period": {"start": dataset.start.isoformat(), "end": dataset.end.isoformat()},
        "windows": len({part.window.index for outcome in outcomes for part in outcome.parts}),
        "runtime_seconds": used.wall_seconds,
        "peak_memory_mib": used.peak_memory_mib,
        "cpu_seconds": used.cpu_seconds,
        "variables": {outcome.name: _variable(outcome) for outcome in outcomes},
        "warnings": dataset.warnings,
        "reading": dataset.reading,
        "left_out": left_out,
    }


def _variable(outcome: Outcome) -> dict[str, Any]:
    return {
        "trust": outcome.trust.mean,
        "windows": outcome.trust.windows,
        "successes": outcome.trust.successes,
        "season": outcome.season,
        **asdict(outcome.scores),
        "trust_interval": judgement.credible_interval(outcome.trust),
        "best_baseline": outcome.judgement.best_baseline,
        "skill_vs_best_baseline": outcome.judgement.skill,
        "skill_interval": _interval(outcome.judgement),
        "diebold_mariano_p": outcome.judgement.p_value,
        "verdict": outcome.judgement.verdict,
        "by_step": asdict(outcome.by_step),
        "models": dict(Counter(part.model.partition("+")[0] for part in outcome.parts).most_common()),
    }


def _interval(judged: Judgement) -> list[float] | None:
    return None if judged.low is None or judged.high is None else [judged.low, judged.high]
