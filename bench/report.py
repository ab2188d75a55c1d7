"""The tables. Writes text; decides nothing."""

from scenarios import Scenario
from summary import BASELINE, DOOR, ratio, spread, verdict

HEAD = ("", "median", "min", "max", "user", "sys", "req/s", "p50 ms", "p99 ms", "PSS MiB", "onedoor is")

# What others may take of a CPU without a word.
DISTURBED_SHARE = 0.15


def table(scenario: Scenario, rows: dict[str, list], problems: list[str]) -> str:
    """One scenario, its rows in the order of the list."""
    lines = [f"{scenario.name}: {scenario.title}", f"  figure: {scenario.figure.value}"]
    cells = [HEAD] + [_cells(name, rows) for name in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    for row in cells:
        name, *numbers = row
        shown = "  ".join(text.rjust(width) for text, width in zip(numbers, widths[1:]))
        lines.append(f"  {name.ljust(widths[0])}  {shown}".rstrip())
    lines.append(f"  {verdict(scenario, rows).sentence}")
    if BASELINE in rows and (paired := ratio(rows, DOOR, BASELINE)):
        lines.append(
            f"  {DOOR} / {BASELINE}, round by round: {paired.median:.3f} "
            f"({paired.lower:.3f} to {paired.upper:.3f}; {paired.least:.3f} to {paired.most:.3f})"
        )
    lines += [f"  note: {note}" for note in [*_disturbances(rows), *problems]]
    return "\n".join(lines) + "\n"


def _cells(name: str, rows: dict[str, list]) -> tuple[str, ...]:
    samples = rows[name]
    value = spread(samples, "value")
    if value is None:
        return (name, "failed", *[""] * (len(HEAD) - 2))
    of_door = ratio(rows, DOOR, name) if name != DOOR else None
    return (
        name,
        _short(value.median),
        _short(value.least),
        _short(value.most),
        *(_column(samples, key, scale) for key, scale in _COLUMNS),
        f"{of_door.median:.2f} ({of_door.lower:.2f}-{of_door.upper:.2f})" if of_door else "",
    )


_COLUMNS = (("user", 1), ("system", 1), ("rate", 1), ("p50_ms", 1), ("p99_ms", 1), ("pss_kib", 1 / 1024))


def _column(samples, key, scale) -> str:
    found = spread(samples, key)
    return _short(found.median * scale) if found else ""


def _short(number: float) -> str:
    """Three figures are more than these measurements are good for."""
    if abs(number) >= 100:
        return f"{number:.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def _disturbances(rows) -> list[str]:
    notes = []
    for name, samples in rows.items():
        for key, who in (("others_share", "other programs"), ("stolen_share", "other machines, of the proxy's CPU,")):
            share = spread(samples, key)
            if share and share.most > DISTURBED_SHARE:
                notes.append(f"{name}: {who} took {share.median:.0%} of a CPU meanwhile, at worst {share.most:.0%}")
        errors = spread(samples, "errors")
        if errors and errors.most > 0:
            notes.append(f"{name}: up to {errors.most:.0f} failed requests in a round; read its figures with care")
    return notes
