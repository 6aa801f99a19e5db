"""Models: their versions, how good each is, which one serves, and trying them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread
from markupsafe import Markup, escape
from nicegui import ui

from detectors.errors import DetectorError
from streamer.pages import words
from streamer.pages.markup import EMPTY, Text, box, h, join, show
from streamer.storage.labels import NOTHING

if TYPE_CHECKING:
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout
    from streamer.training.shelf import Model, Shelf, Version

REFRESH_S: Final = 2.0
BESIDE: Final = 4
"""Versions that stand side by side."""


class ModelsPage:
    """The page of one who looks at models."""

    def __init__(self, shelf: Shelf, here: Here) -> None:
        self._shelf = shelf
        self._here = here
        self._shown: tuple[Model, ...] | None = None
        self._list: ui.element
        self._said: ui.html

    async def build(self, layout: Layout) -> None:
        """Make the page; it follows what changes."""
        with layout.page(self._here, "Models", "/models", "models"):
            with box("div", "head"):
                show(h("span", "Models"), "h1")
                show(h("span", "What was trained or added, and what serves."), "div", "figures")
            self._said = show(EMPTY, "p", "said", role="status")
            self._list = box("div", "shelf")
        await self._refresh()
        ui.timer(REFRESH_S, self._refresh)

    async def _refresh(self) -> None:
        found = await to_thread.run_sync(self._shelf.models)
        if found == self._shown:
            return
        self._shown = found
        self._list.clear()
        with self._list:
            for model in found:
                self._model(model)
            if not found:
                way = h("a", "Train one", href=self._here.at("/train"))
                show(
                    join(("There are no models yet. ", way, " of pictures that you labelled.")),
                    "p",
                    "nothing",
                )

    def _model(self, model: Model) -> None:
        classifies = any(each.manifest and each.manifest.task == "classify" for each in model.versions)
        with box("section", "group model", aria_label=model.name):
            with box("header"):
                serves = f"version {model.serving} serves" if model.serving else "no version serves"
                show(join((h("span", model.name), h("small", serves))), "h2")
                if model.before is not None:
                    back = Text("button", f"Roll back to {model.before}", "button", type="button")
                    back.on("click", self._doing(lambda: self._shelf.store.rollback(model.name)))
            with box("div", "beside-each-other"):
                with box("div", "wide"):
                    self._table(model)
                if classifies:
                    show(self._trial(model), "div", "trial")
            programs = _classifier_programs if classifies else _detector_programs
            show(
                join((h("summary", "Use it in a program"), *programs(model, self._here))), "details", "usage"
            )

    def _table(self, model: Model) -> None:
        versions = _beside(model)
        with box("table", "table compare"):
            show(_heads(model, versions, self._here), "thead")
            show(join(_lines(versions)), "tbody")
            with box("tfoot"), box("tr"):
                show(escape(""), "td")
                for each in versions:
                    with box("td"):
                        self._acts(model, each)

    def _acts(self, model: Model, version: Version) -> None:
        if version.has_page:
            place = self._here.at(f"/api/models/{model.name}/{version.number}/report.html")
            show(h("a", "Report", href=place, target="_blank", class_="button small"), "span")
        if version.number == model.serving:
            return
        promote = Text("button", f"Promote {version.number}", "button small primary", type="button")
        promote.on("click", self._doing(lambda: self._shelf.store.promote(model.name, version.number)))

    def _doing(self, change: Callable[[], object]) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            try:
                await to_thread.run_sync(change)
                self._said.content = ""
            except DetectorError as error:
                self._said.content = str(escape(str(error)))
            await self._refresh()

        return do

    def _trial(self, model: Model) -> Markup:
        number = model.serving or model.versions[0].number
        place = self._here.at(f"/api/models/{model.name}/{number}/answer")
        key = f"try-{model.name}"
        picture = h("input", type="file", accept="image/*", id=key, class_="unseen", data_try=place)
        text = f"Drop a picture here, or choose one: version {number} answers"
        return h(
            "div",
            picture,
            h("label", text, for_=key, class_="drop", data_drop=key),
            h("div", class_="answer", role="status"),
        )


def _classifier_programs(model: Model, here: Here) -> tuple[Markup, ...]:
    """It is asked over HTTP, whichever version serves."""
    version = "" if model.serving else f"@{model.versions[0].number}"
    address = f"{here.origin}{here.at('/api/classify')}?model={model.name}{version}"
    # Where nobody has to sign in, a token is nothing that one has.
    token = here.visitor.name is not None
    shell = (
        "curl --data-binary @picture.jpg -H 'Content-Type: image/jpeg' \\\n"
        + ('  -H "Authorization: Bearer $TOKEN" \\\n' if token else "")
        + f"  '{address}'"
    )
    said = ', "Authorization": f"Bearer {os.environ[\'TOKEN\']}"' if token else ""
    python = (
        f"import json{', os' if token else ''}\n"
        "from urllib.request import Request, urlopen\n\n"
        f'headers = {{"Content-Type": "image/jpeg"{said}}}\n'
        'picture = open("picture.jpg", "rb").read()\n'
        f'answer = urlopen(Request("{address}", picture, headers))\n'
        'print(json.load(answer)["label"])'
    )
    return (h("h3", "In a shell"), h("pre", shell), h("h3", "In Python"), h("pre", python))


def _detector_programs(model: Model, here: Here) -> tuple[Markup, ...]:
    """It is named in the configuration, or loaded."""
    name = model.name if model.serving else f"{model.name}@{model.versions[0].number}"
    python = (
        "from pathlib import Path\n\n"
        "import cv2\n"
        "from detectors.detector import load\n\n"
        f'model = load("{name}", models=Path("sightline-data/models"))\n'
        'print(model.infer([model.prepare(cv2.imread("picture.jpg"))]))'
    )
    shell = f"sightline detect picture.jpg --model {name}"
    return (h("h3", "In a shell"), h("pre", shell), h("h3", "In Python"), h("pre", python))


def _beside(model: Model) -> tuple[Version, ...]:
    """The newest ones, and the one that serves."""
    newest = model.versions[:BESIDE]
    serving = tuple(each for each in model.versions[BESIDE:] if each.number == model.serving)
    return (*newest[: BESIDE - len(serving)], *serving)


def _heads(model: Model, versions: Sequence[Version], here: Here) -> Markup:
    cells = [
        h(
            "th",
            f"Version {each.number}",
            h("span", "serves", class_="badge done") if each.number == model.serving else EMPTY,
            h("time", f"{words.day(here.local(each.made_at), here.now())}, {here.local(each.made_at):%H:%M}"),
            scope="col",
        )
        for each in versions
    ]
    return h("tr", h("td", ""), *cells)


def _lines(versions: Sequence[Version]) -> list[Markup]:
    """What was measured, a line for each figure, a column for each version."""
    reports: list[dict[str, Any]] = [dict(each.report or {}) for each in versions]
    lines: list[tuple[str, list[str]]] = [
        ("Accuracy", [_accuracy(report) for report in reports]),
        ("Balanced accuracy", [_percent(report.get("balanced_accuracy")) for report in reports]),
        ("Pictures that it was judged by", [_number(report.get("pictures")) for report in reports]),
        ("Builds on", [_text(report.get("backbone")) for report in reports]),
    ]
    labels = sorted({label for report in reports for label in _recalls(report)})
    lines += [
        (f"Recognises {_shown(label)}", [_percent(_recalls(each).get(label)) for each in reports])
        for label in labels
    ]
    lines.append(("Classes", [_labels(each) for each in versions]))
    return [
        h("tr", h("th", title, scope="row"), *(h("td", cell) for cell in cells))
        for title, cells in lines
        if any(cell != NONE for cell in cells)
    ]


NONE: Final = "–"


def _recalls(report: dict[str, Any]) -> dict[str, Any]:
    found = report.get("per_class")
    if not isinstance(found, list):
        return {}
    return {str(each.get("label")): each.get("recall") for each in found if isinstance(each, dict)}


def _accuracy(report: dict[str, Any]) -> str:
    text, interval = _percent(report.get("accuracy")), report.get("interval")
    if text == NONE or not isinstance(interval, list) or len(interval) != 2:
        return text
    return f"{text} ({_percent(interval[0])} to {_percent(interval[1])})"


def _percent(value: object) -> str:
    return f"{value:.1%}" if isinstance(value, int | float) else NONE


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else NONE


def _text(backbone: object) -> str:
    return str(backbone.get("name", NONE)) if isinstance(backbone, dict) else NONE


def _labels(version: Version) -> str:
    return ", ".join(map(_shown, version.manifest.labels)) if version.manifest else NONE


def _shown(label: str) -> str:
    return "nothing of these" if label == NOTHING else label
