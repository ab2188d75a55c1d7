"""From samples to statements: spreads, paired ratios, goals met or missed. Pure functions of a run's data."""

import statistics
from dataclasses import dataclass

from scenarios import Ceiling, Goal, Scenario

DOOR, BASELINE = "onedoor", "onedoor-base"


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds."""

    least: float
    lower: float
    median: float
    upper: float
    most: float

    @staticmethod
    def of(values: list[float]) -> "Spread | None":
        """None for no values."""
        if not values:
            return None
        if len(values) == 1:
            return Spread(*values * 5)
        lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
        return Spread(min(values), lower, median, upper, max(values))


@dataclass(frozen=True)
class Verdict:
    """What became of a goal."""

    sentence: str
    met: bool | None
    """None: it could not be decided."""


def spread(samples: list[dict | None], key: str) -> Spread | None:
    """Of one column; rounds that failed are left out."""
    return Spread.of([sample[key] for sample in samples if sample and sample.get(key) is not None])


def ratio(rows: dict[str, list], above: str, below: str) -> Spread | None:
    """Of two rows' figures, round by round: both were measured within the same minute, on the same weather."""
    pairs = zip(rows.get(above, []), rows.get(below, []))
    return Spread.of([a["value"] / b["value"] for a, b in pairs if a and b and b["value"] > 0])


def best_of(rows: dict[str, list], names) -> str | None:
    """The row with the lowest median. Not the lowest of each round: that would be the luckiest, not the best."""
    medians = {name: found.median for name in names if (found := spread(rows.get(name, []), "value"))}
    return min(medians, key=medians.get) if medians else None


def verdict(scenario: Scenario, rows: dict[str, list]) -> Verdict:
    """Holds a scenario's figures against its goal."""
    match scenario.goal:
        case None:
            return Verdict("no goal", None)
        case Ceiling(limit):
            own = spread(rows.get(DOOR, []), "value")
            if own is None:
                return Verdict(f"goal: at most {limit:g}; not measured", None)
            return _said(f"goal: at most {limit:g}", own, limit, "")
        case Goal(limit, against):
            best = best_of(rows, against)
            aim = f"goal: at most {limit:.2f} x {_named(against)}"
            found = ratio(rows, DOOR, best) if best else None
            if found is None:
                return Verdict(f"{aim}; none of them was measured", None)
            # Who was not there may have been the best.
            absent = [name for name in against if not spread(rows.get(name, []), "value")]
            aim += f" (without {', '.join(absent)})" if absent else ""
            return _said(aim, found, limit, "" if len(against) == 1 else f" of {best}")


def _named(against) -> str:
    if len(against) == 1:
        return against[0]
    return "the best of " + (" and ".join(against) if len(against) == 2 else "all the others")


def _said(aim, found: Spread, limit, whom) -> Verdict:
    met = found.median <= limit
    # Half of the rounds lie between the quartiles: a limit among them is no clear matter.
    unclear = ", but not clear of the noise" if found.lower <= limit < found.upper else ""
    shown = f"{found.median:.3f}{whom} ({found.lower:.3f} to {found.upper:.3f})"
    return Verdict(f"{aim}; is {shown}: {'met' if met else 'MISSED'}{unclear}", met)
