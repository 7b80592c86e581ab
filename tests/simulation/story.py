"""A run that broke an invariant, told: who did what when."""

from tests.simulation.simulation import Run

_MOST_LINES = 400
_MOST_CHARACTERS = 300


def story(run: Run) -> str:
    """Numbered lines, the last ones where there are very many, and the invariant that broke."""
    faults = [
        f"{one.kind} at {one.operation} (call {one.number} of {one.invocation})" for one in run.happened
    ]
    lines = list(enumerate(run.story, start=1))[-_MOST_LINES:]
    return "\n".join(
        [
            f"Seed {run.seed}, of {run.drawn} asked for only {', '.join(run.asked)}.",
            f"Faults: {'; '.join(faults) or 'none'}.",
            *(
                f"{number:5} {one.at:10.3f} s  {one.who}: {one.what}"[:_MOST_CHARACTERS]
                for number, one in lines
            ),
            f"Broken: {run.broken}",
            f"Again: make simulate SEED={run.seed}",
        ]
    )
