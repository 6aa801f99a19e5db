"""Train a classifier: what on, how, how far it is, and what became of earlier ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape
from nicegui import ui

from streamer.errors import StreamerError
from streamer.pages import words
from streamer.pages.charts import chart
from streamer.pages.fields import Choice, Field, Switch
from streamer.pages.markup import EMPTY, Text, box, h, join, show
from streamer.storage.labels import NOTHING
from streamer.training.record import NAME, Wish

if TYPE_CHECKING:
    from streamer.pages.desks import TrainingDesk
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout
    from streamer.storage.shelf import LabelCount
    from streamer.training.record import Training

REFRESH_S: Final = 1.0
LEAST: Final = 10
"""Pictures of each class that the trainer asks for."""
BACKBONES: Final = {
    "auto": "The best that this machine has",
    "squeezenet": "SqueezeNet: smallest, fine for textures",
    "mobilenetv2": "MobileNetV2: small and quick",
    "mobilenetv3": "MobileNetV3: small and quick, newer",
    "efficientnetv2-b0": "EfficientNetV2-B0: better, slower",
    "resnet50v2": "ResNet50V2: large",
    "resnet101v2": "ResNet101V2: larger still",
    "inceptionv3": "InceptionV3: large, fine details",
}
PROMOTE: Final = {
    "gate": "goes live if it is no worse",
    "never": "waits until somebody promotes it",
    "always": "goes live in any case",
}
STATES: Final = {
    "queued": "Waits",
    "running": "Runs",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "interrupted": "Interrupted",
}
STAGES: Final = {
    "reading": "Reading pictures",
    "features": "Computing features",
    "training": "Training",
    "report": "Judging it",
    "export": "Exporting",
    "gate": "Comparing it with the one that serves",
}
CURVES: Final = (("Accuracy", "accuracy"), ("Loss", "loss"))


class TrainPage:
    """The page of one who trains."""

    def __init__(self, desk: TrainingDesk, here: Here) -> None:
        self._desk = desk
        self._here = here
        self._chosen: set[str] = set()
        self._now: ui.html
        self._past: ui.html
        self._said: ui.html
        self._cancel: Text
        self._current: str | None = None
        self._form: dict[str, Field] = {}

    async def build(self, layout: Layout) -> None:
        """Make the page."""
        classes = await self._desk.classes()
        self._chosen = {each.name for each in classes if each.number >= LEAST}
        with layout.page(self._here, "Train", "/train", "train"):
            with box("div", "head"):
                show(h("span", "Train"), "h1")
                show(h("span", "A classifier learns from what you labelled."), "div", "figures")
            with box("div", "sides"):
                with box("form", "train-form", method="dialog").on("submit.prevent", self._start):
                    self._data(classes)
                    self._how()
                    Text("button", "Start training", "button primary", type="submit")
                    self._said = show(EMPTY, "p", "said", role="status")
                with box("section", "progress-side", aria_label="Trainings"):
                    self._now = show(EMPTY, "div", "training-now")
                    self._cancel = Text("button", "Cancel this training", "button danger", type="button")
                    self._cancel.on("click", self._end)
                    self._past = show(EMPTY, "div", "past")
        await self._refresh()
        ui.timer(REFRESH_S, self._refresh)

    def _data(self, classes: Sequence[LabelCount]) -> None:
        with box("fieldset", "group classes-to-learn"):
            show(escape("Classes to tell apart"), "legend")
            for each in classes:
                self._class(each)
            if len(self._chosen) < 2:
                way = h("a", "Label more pictures", href=self._here.at("/label"))
                text = join((f"It takes two classes with {LEAST} pictures each. ", way, "."))
                show(text, "p", "hint")

    def _class(self, each: LabelCount) -> None:
        name = "Nothing of these" if each.name == NOTHING else each.name
        enough = each.number >= LEAST
        count = words.count(each.number, "picture") + (
            "" if enough else f", {LEAST - each.number} more are needed"
        )
        with box("label", "pick"):
            tick = box("input", type="checkbox", checked=enough, disabled=not enough)
            tick.on("change", lambda event: self._choose(each.name, bool(event.args)), js_handler=CHECKED)
            show(join((h("b", name), h("span", count))), "span", "of-class")

    def _choose(self, name: str, wanted: bool) -> None:
        (self._chosen.add if wanted else self._chosen.discard)(name)

    def _how(self) -> None:
        with box("div", "group"):
            self._form["name"] = Field("train-name", "Name", "a-z, 0-9, - and _: cameras name the model so.")
            self._form["name"].fill("", placeholder="walkers")
            self._form["backbone"] = Choice("train-backbone", "It builds on", **BACKBONES)
            self._form["backbone"].fill("auto")
            self._form["fine_tune"] = Switch(
                "train-deeper",
                "Train deeper, too",
                "Taken only where it is better. It trains for longer, and answers two to four times slower.",
            )
            self._form["fine_tune"].fill(False)
            self._form["balanced"] = Switch("train-balanced", "Rare classes count as much as common ones")
            self._form["balanced"].fill(False)
            self._form["promote"] = Choice("train-promote", "Once it is trained, it", **PROMOTE)
            self._form["promote"].fill("gate")

    async def _start(self) -> None:
        said = {key: field.value for key, field in self._form.items()}
        name = str(said["name"]).strip()
        if not re.fullmatch(NAME, name):
            self._form["name"].tell("A name is needed, such as walkers: a-z, 0-9, - and _.")
            return
        self._form["name"].tell("")
        if len(self._chosen) < 2:
            self._tell(f"Choose at least two classes that have {LEAST} pictures each.")
            return
        wish = Wish.model_validate({**said, "name": name, "labels": sorted(self._chosen)})
        try:
            await self._desk.ask(wish)
        except StreamerError as error:
            self._tell(str(error))
            return
        self._tell("It is in the queue.")
        await self._refresh()

    async def _end(self) -> None:
        if self._current is None:
            return
        try:
            await self._desk.cancel(self._current)
        except StreamerError as error:
            self._tell(str(error))
        await self._refresh()

    def _tell(self, text: str) -> None:
        self._said.content = str(escape(text))

    async def _refresh(self) -> None:
        every = await self._desk.all()
        current = next((each for each in every if each.state == "running"), None)
        current = current or next((each for each in reversed(every) if each.state == "queued"), None)
        self._current = None if current is None else current.id
        now = nothing() if current is None else running(current)
        if self._now.content != str(now):
            self._now.content = str(now)
        self._cancel.set_visibility(current is not None)
        past = earlier([each for each in every if each is not current], self._here)
        if self._past.content != str(past):
            self._past.content = str(past)


CHECKED: Final = "(e) => emit(e.target.checked)"


def nothing() -> Markup:
    """What is shown while nothing is trained."""
    return h(
        "div", h("h2", "Nothing is trained now"), h("p", "Progress and curves appear here."), class_="idle"
    )


def running(training: Training) -> Markup:
    """A training that runs, or waits: how far it is, and its curves."""
    share = f"{training.done:.0%}"
    left = "" if training.eta_s is None else f", {words.span(timedelta(seconds=training.eta_s))} left"
    stage = (
        STAGES.get(training.stage or "", "Starting") if training.state == "running" else "Waits in the queue"
    )
    message = training.steps[-1].message if training.steps else ""
    bar = h(
        "div",
        h("i", style=f"width:{share}"),
        class_="bar",
        role="progressbar",
        aria_label="Progress",
        aria_valuenow=round(training.done * 100),
        aria_valuemin=0,
        aria_valuemax=100,
    )
    title = h("h2", training.wish.name, h("span", f"{share}{left}"))
    said = h("p", join((stage, f": {message}" if message else "")), class_="quiet")
    return h("div", title, bar, said, curves(training))


def curves(training: Training) -> Markup:
    """Accuracy and loss of the epochs so far, on pictures that are trained on and that are watched."""
    drawn, epochs = [], training.latest_epochs
    for title, key in CURVES:
        of_both = {
            name: [each.get(figure) for each in epochs]
            for name, figure in (("watched", f"val_{key}"), ("trained on", key))
        }
        lines = [(name, values) for name, values in of_both.items() if any(v is not None for v in values)]
        if lines:
            drawn.append(chart(title, lines, len(epochs), ""))
    return h("div", *drawn, class_="charts") if drawn else EMPTY


def earlier(trainings: Sequence[Training], here: Here) -> Markup:
    """Those that wait, and those that are over."""
    if not trainings:
        return EMPTY
    rows = [
        h(
            "li",
            h("b", each.wish.name),
            h("span", STATES[each.state], class_=f"badge {each.state}"),
            h("time", _when(each, here)),
            h("p", each.said or ", ".join(each.wish.labels)),
        )
        for each in trainings
    ]
    return join((h("h2", "Before, and waiting"), h("ul", *rows)))


def _when(training: Training, here: Here) -> str:
    local = here.local(training.ended_at or training.asked_at)
    return f"{words.day(local, here.now())}, {words.clock(local)}"
