"""A report as one page of HTML: pictures and drawings are inside it, nothing is fetched."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any, Final

import cv2

from trainer.errors import TrainerError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTH: Final = 160
"""Of a picture, in pixels."""
PLOT: Final = (360, 200)
COLOURS: Final = ("#0b6bcb", "#c9541d", "#2f8f4e", "#8a3ffc")
STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;
color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:1rem 0}
td,th{padding:.25rem .75rem;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}.big{font-size:2rem;margin:0}
figure{display:inline-block;margin:.5rem;vertical-align:top;width:160px;font-size:.8rem}
img{max-width:160px}svg{margin:.5rem 1rem .5rem 0;background:#fafafa}
.muted{color:#555}svg text{font-size:11px;fill:#444}
@media (prefers-color-scheme:dark){body{background:#16181b;color:#e6e6e6}
td,th{border-color:#3a3d42}.muted{color:#aaa}svg{background:#202327}svg text{fill:#bbb}}
"""


def page(
    report: dict[str, Any],
    curves: dict[str, list[dict[str, float]]],
    picture: Callable[[int], NDArray[np.uint8]],
) -> str:
    """The page.

    Args:
        report: from ``report.document``, with its gate.
        curves: of each phase.
        picture: by its number, uint8 HxWx3 BGR.
    """
    name = escape(report["name"])
    low, high = report["interval"]
    parts = [
        f'<h1>{name}</h1><p class="big">{report["accuracy"]:.1%} right</p>'
        f'<p>95&nbsp;%: {low:.1%} to {high:.1%}, {report["pictures"]} pictures, '
        f'{escape(report["method"])}; balanced {report["balanced_accuracy"]:.1%}. '
        f'{escape(report.get("gate", {}).get("said", ""))}</p>',
        "<h2>Classes</h2>", _classes(report), "<h2>What was taken for what</h2>", _confusion(report),
        "<h2>Does confidence mean what it says?</h2>", _reliability(report),
        "<h2>The worst mistakes</h2>", _mistakes(report, picture),
        "<h2>Training</h2>", _cost(report), _curves(curves), "<h2>What it was trained on</h2>", _data(report),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{name}: training report</title><style>{STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _classes(report: dict[str, Any]) -> str:
    rows = [
        [each["label"], each["pictures"], *(_share(each[key]) for key in ("precision", "recall", "f1"))]
        for each in report["per_class"]
    ]
    return _table(["class", "pictures", "precision", "recall", "F1"], rows)


def _confusion(report: dict[str, Any]) -> str:
    rows = [[label, *row] for label, row in zip(report["labels"], report["confusion"], strict=True)]
    return _table(["truth \\ answer", *report["labels"]], rows)


def _reliability(report: dict[str, Any]) -> str:
    points = [(each["confidence"], each["accuracy"]) for each in report["reliability"]]
    text = (
        f"<p>Calibration error {report['ece']:.3f} ({report['ece_before_calibration']:.3f} before the "
        f"temperature of {report['temperature']:.2f}). Below a confidence of {report['threshold']:.2f} "
        "the answer is “none of these”.</p>"
    )
    return text + _plot(
        "accuracy by confidence", {"right": points, "ideal": [(0.0, 0.0), (1.0, 1.0)]}, (0, 1)
    )


def _mistakes(report: dict[str, Any], picture: Callable[[int], NDArray[np.uint8]]) -> str:
    if not report["mistakes"]:
        return "<p>None.</p>"
    return "".join(
        f'<figure><img alt="{escape(each["name"])}" src="{_inline(picture(each["row"]))}">'
        f"<figcaption>{escape(each['name'])}: {escape(each['truth'])}, "
        f"called {escape(each['answer'])} ({each['confidence']:.0%})</figcaption></figure>"
        for each in report["mistakes"]
    )


def _cost(report: dict[str, Any]) -> str:
    told = (
        f"<p>It was trained in {report['trained_in_s']:.0f} s. "
        f"An answer takes {report['inference_ms']:.1f} ms of one core; "
        f"the file has {report['model_bytes'] / 10**6:.1f} MB.</p>"
    )
    worth = report["fine_tuning"]
    if worth is None:
        return told
    taken = "it was taken" if worth["taken"] else "it was left out"
    return told + (
        f"<p>Fine-tuning: {worth['accuracy_with']:.1%} right with it, {worth['accuracy_without']:.1%} "
        f"without, so {taken}.</p>"
    )


def _curves(curves: dict[str, list[dict[str, float]]]) -> str:
    drawn = []
    for phase, epochs in curves.items():
        for title, keys in (("loss", ("loss", "val_loss")), ("accuracy", ("val_accuracy",))):
            lines = {key: [(number + 1.0, epoch[key]) for number, epoch in enumerate(epochs)] for key in keys}
            drawn.append(_plot(f"{phase.replace('_', ' ')}: {title} by epoch", lines, None))
    return "".join(drawn)


def _data(report: dict[str, Any]) -> str:
    told = report["data"]
    rows: list[list[Any]] = [[label, count] for label, count in told["counts"].items()]
    left = [[each["name"], each["reason"]] for each in told["quarantined_pictures"]]
    return (
        f"<p>{escape(told['about'])}: {told['pictures']} pictures in {told['groups']} independent groups, "
        f'{told["quarantined"]} left out. <span class="muted">sha256 {told["digest"]}</span></p>'
        f"<p>Backbone: {escape(report['backbone']['name'])} ({escape(report['backbone']['about'])}).</p>"
        + _table(["class", "pictures"], rows)
        + (_table(["left out", "why"], left) if left else "")
        + "".join(f"<p>{escape(remark)}</p>" for remark in told["remarks"])
    )


def _plot(title: str, lines: dict[str, list[tuple[float, float]]], bounds: tuple[float, float] | None) -> str:
    """Lines in one frame; ``bounds`` of both axes, or those of the points."""
    points = [point for line in lines.values() for point in line]
    if not points:
        return ""
    xs, ys = ([point[axis] for point in points] for axis in (0, 1))
    x0, x1 = bounds or (min(xs), max(xs))
    y0, y1 = bounds or (min(0.0, *ys), max(ys))
    width, height = PLOT

    def place(point: tuple[float, float]) -> str:
        x = 40 + (point[0] - x0) / ((x1 - x0) or 1) * (width - 60)
        y = height - 25 - (point[1] - y0) / ((y1 - y0) or 1) * (height - 50)
        return f"{x:.1f},{y:.1f}"

    drawn = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(map(place, line))}"/>'
        f'<text x="{50 + 110 * number}" y="{height - 4}" style="fill:{colour}">'
        f"{escape(name.replace('_', ' '))}</text>"
        for number, ((name, line), colour) in enumerate(zip(lines.items(), COLOURS, strict=False))
    )
    return (
        f'<svg width="{width}" height="{height}" role="img" aria-label="{escape(title)}">'
        f'<text x="40" y="14">{escape(title)}</text>'
        f'<text x="2" y="30">{y1:.3g}</text><text x="2" y="{height - 25}">{y0:.3g}</text>{drawn}</svg>'
    )


def _table(head: list[Any], rows: list[list[Any]]) -> str:
    top = "".join(f"<th>{escape(str(each))}</th>" for each in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(each))}</td>" for each in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _inline(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    scale = min(1.0, WIDTH / max(width, height))
    small = cv2.resize(
        image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    ok, content = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, 85))
    if not ok:
        raise TrainerError(f"a picture of {small.shape} cannot be written as JPEG")
    return f"data:image/jpeg;base64,{base64.b64encode(content.tobytes()).decode()}"
