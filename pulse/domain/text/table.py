"""Rows as text in columns."""

Table = tuple[tuple[str, ...], ...]


def aligned(table: Table, indent: str = "") -> str:
    """The first column to the left, the others to the right; rows must be of equal length."""
    if not table:
        return ""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for first, *others in table:
        cells = [first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(others, widths[1:], strict=True))]
        lines.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(lines)
