"""What the reading of data has to say: how cells were understood, what was left out, what a person reads
first.
"""

from dataclasses import dataclass, field

FEW = 0.05
"""The share of a column's cells that may be lost with no more than a line under "left out"."""
_LONGEST_EXAMPLE = 40


@dataclass
class Notes:
    """Sentences for people. `reading`: how cells were understood. `warnings`: what an alert's first lines
    say, each with the column that it is about.
    """

    reading: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: "Notes") -> None:
        self.reading += other.reading
        self.left_out += other.left_out
        self.warnings += other.warnings


def is_few(lost: int, filled: int) -> bool:
    """Whether so many lost cells of so many filled ones are few: one, or at most FEW of them."""
    return lost <= max(1, FEW * filled)


def quoted(cell: object) -> str:
    """A cell for a message: in quotes, cut after 40 characters."""
    text = str(cell)
    return repr(text[:_LONGEST_EXAMPLE] + "…" if len(text) > _LONGEST_EXAMPLE else text)
