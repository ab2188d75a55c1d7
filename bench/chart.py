"""The picture: one panel per scenario, one bar per proxy, made from a run's JSON. `chart.py RUN.json` writes RUN.svg."""

import json
import pathlib
import sys
from html import escape

import summary

PANEL_WIDTH, BAR_HEIGHT, GAP, MARGIN, COLUMNS = 470, 18, 6, 24, 2
NAME_WIDTH, NUMBER_WIDTH = 110, 64
TITLE_HEIGHT = 58
COLOURS = {"onedoor": "#c2410c", "onedoor-base": "#fb923c"}
OTHERS, INK, FAINT = "#94a3b8", "#0f172a", "#475569"


def draw(run: dict) -> str:
    """The whole picture as SVG."""
    panels = [_panel(scenario) for scenario in run["scenarios"]]
    columns = min(COLUMNS, max(1, len(panels)))
    pieces, x, y, tallest = [], 0, 44, 0
    for index, (body, height) in enumerate(panels):
        column = index % columns
        if column == 0:
            y, tallest = y + tallest, 0
        x = MARGIN + column * (PANEL_WIDTH + MARGIN)
        pieces.append(f'<g transform="translate({x} {y})">{body}</g>')
        tallest = max(tallest, height)
    width, height = MARGIN + columns * (PANEL_WIDTH + MARGIN), y + tallest
    machine = run["machine"]
    heading = f"onedoor's benchmark, {run['date']}: {machine['cpu']}, Linux {machine['kernel']}, one worker each; shorter is better"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
        f'<text x="{MARGIN}" y="26" font-size="13" fill="{FAINT}">{escape(heading)}</text>{"".join(pieces)}</svg>\n'
    )


def _panel(scenario: dict) -> tuple[str, int]:
    spreads = {name: summary.spread(samples, "value") for name, samples in scenario["rows"].items()}
    spreads = {name: found for name, found in spreads.items() if found}
    pieces = [
        f'<text y="14" font-weight="600">{escape(scenario["name"])}: {escape(_cut(scenario["title"], 62))}</text>',
        f'<text y="30" font-size="11" fill="{FAINT}">{escape(scenario["figure"])}</text>',
        f'<text y="45" font-size="11" fill="{FAINT}">{escape(_cut(scenario["verdict"], 92))}</text>',
    ]
    longest = max((found.most for found in spreads.values()), default=1) or 1
    y = TITLE_HEIGHT
    for name, found in spreads.items():
        pieces.append(_bar(name, found, y, (PANEL_WIDTH - NAME_WIDTH - NUMBER_WIDTH) / longest))
        y += BAR_HEIGHT + GAP
    return "".join(pieces), y + MARGIN


def _bar(name: str, found: summary.Spread, y: int, scale: float) -> str:
    def at(value):
        return round(NAME_WIDTH + max(0.0, value) * scale, 1)

    middle, baseline = y + BAR_HEIGHT / 2, y + BAR_HEIGHT - 5
    return (
        f'<text x="{NAME_WIDTH - 8}" y="{baseline}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{NAME_WIDTH}" y="{y}" width="{round(at(found.median) - NAME_WIDTH, 1)}" height="{BAR_HEIGHT}" '
        f'rx="2" fill="{COLOURS.get(name, OTHERS)}"/>'
        f'<path d="M{at(found.least)} {middle}H{at(found.most)}" stroke="{INK}" stroke-width="1.2" opacity="0.7"/>'
        f'<text x="{at(found.most) + 6}" y="{baseline}">{_number(found.median)}</text>'
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


if __name__ == "__main__":
    source = pathlib.Path(sys.argv[1])
    source.with_suffix(".svg").write_text(draw(json.loads(source.read_text())))
