"""Lines over time, as SVG in the page itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from streamer.pages.markup import h

WIDTH: Final = 240
HEIGHT: Final = 64
STEPS: Final = (1, 2, 5)


def chart(title: str, lines: Sequence[tuple[str, Sequence[float | None]]], length: int, unit: str) -> Markup:
    """A chart whose newest values are at the right; what its lines end at stands above it.

    Args:
        title: what is shown.
        lines: names and values, oldest first; None is a gap.
        length: of the time that fits, in values.
        unit: of the values.
    """
    top = ceiling(max((value for _, values in lines for value in values if value is not None), default=0))
    drawn = [
        Markup('<path class="line line-{}" d="{}"/>').format(number, path(values, length, top))
        for number, (_, values) in enumerate(lines)
    ]
    legend = [
        h("span", h("i", class_=f"key line-{number}"), f"{name} ", h("b", _now(values, unit)))
        for number, (name, values) in enumerate(lines)
    ]
    picture = Markup(
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{} over time">'
        '<path class="rule" d="M0 {}H{}M0 .5H{}"/>{}</svg>'
    ).format(WIDTH, HEIGHT, title, HEIGHT / 2, WIDTH, WIDTH, Markup().join(drawn))
    scale = h("span", f"{top:g} {unit}", class_="scale")
    return h(
        "figure",
        h("figcaption", h("b", title), *legend),
        h("div", picture, scale, class_="plot"),
        class_="chart",
    )


def path(values: Sequence[float | None], length: int, top: float) -> str:
    """The line as SVG says it, with a new beginning after each gap."""
    steps, pen = [], "M"
    first = length - len(values)
    for place, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        x = WIDTH * (first + place) / max(1, length - 1)
        steps.append(f"{pen}{x:.1f} {HEIGHT - (HEIGHT - 1) * min(value, top) / top:.1f}")
        pen = "L"
    return "".join(steps)


def ceiling(value: float) -> float:
    """The next round number: 1, 2 or 5 times a power of ten."""
    power = 1.0
    while power * STEPS[-1] < value:
        power *= 10
    return next(power * step for step in STEPS if power * step >= value)


def _now(values: Sequence[float | None], unit: str) -> str:
    newest = values[-1] if values else None
    return "–" if newest is None else f"{newest:.3g} {unit}"
