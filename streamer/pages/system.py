"""How the service does: its cameras, its stages, its detectors, its disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from anyio import to_thread
from nicegui import ui

from streamer.pages import words
from streamer.pages.charts import chart
from streamer.pages.icons import icon
from streamer.pages.markup import EMPTY, box, h, join, show
from streamer.pages.recorder import REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from markupsafe import Markup

    from streamer.access.accounts import Account
    from streamer.metrics.camera import CameraStatistics
    from streamer.pages.figures import Figures
    from streamer.pages.here import Here
    from streamer.pages.layout import Layout
    from streamer.pages.models import Model
    from streamer.pages.parts import Parts
    from streamer.pages.recorder import Recorder

REFRESH_S: Final = 2.0
STAGES: Final = {
    "total": "From picture to result",
    "decode_wait": "Waiting to be looked at",
    "inference": "Detector",
    "tracking": "Following objects",
    "publish": "Telling it",
}
DROPS: Final = {
    "rate": "not due",
    "busy": "too busy",
    "damaged": "damaged",
    "error": "failed",
}
"""Not due is by design (`detect.fps`), and no loss."""
HEADINGS: Final = (
    "Camera",
    "State",
    "Pictures/s",
    "Detections/s",
    "Latency p50",
    "p95",
    "Viewers",
    "Dropped",
)


class SystemPage:
    """The figures of one who looks."""

    def __init__(self, parts: Parts, here: Here, recorder: Recorder) -> None:
        self._parts = parts
        self._here = here
        self._recorder = recorder
        self._verdict: ui.html
        self._cameras: ui.html
        self._charts: ui.html
        self._cards: ui.html

    async def build(self, layout: Layout) -> None:
        """Make the page as things are now; it follows what happens from then on."""
        with layout.page(self._here, "System", "/system", "system"):
            show(h("span", "System"), "h1")
            self._verdict = show(EMPTY, "section", "verdict", role="status", aria_label="Whether all is well")
            show(h("span", "Cameras"), "h2")
            with box("div", "wide", tabindex="0", role="region", aria_label="Cameras"):
                self._cameras = show(EMPTY, "table", "table")
            show(h("span", "Latency, the last ten minutes"), "h2")
            self._charts = show(EMPTY, "div", "charts")
            show(h("span", "What it runs on"), "h2")
            self._cards = show(EMPTY, "div", "parts")
            await self._refresh()
        ui.timer(REFRESH_S, self._refresh)

    async def _refresh(self) -> None:
        parts, here = self._parts, self._here
        names = [name for name in parts.cameras if here.visitor.may_see(name)]
        cameras = [parts.readings.snapshot(name) for name in names]
        disk = await to_thread.run_sync(shutil.disk_usage, parts.data)
        self._verdict.content = str(verdict(problems(cameras, parts.health.details(), here)))
        self._cameras.content = str(table(cameras, here, parts.title))
        self._charts.content = str(charts(self._recorder))
        figures = self._recorder.latest
        kafka = None if figures is None else spool(figures)
        cards = [*models(parts.models()), store(parts, disk.free, disk.total), *([kafka] if kafka else [])]
        if here.visitor.may_change:
            cards.append(people(await parts.people.known()))
        self._cards.content = str(join(cards))


def problems(cameras: Sequence[CameraStatistics], details: Mapping[str, str], here: Here) -> list[str]:
    """Everything that is wrong, in words."""
    found = [f"{part[:1].upper()}{part[1:]} {text}" for part, text in details.items()]
    for camera in cameras:
        if camera.state == "down":
            when = f" {words.since(camera.since, here)}" if camera.since else ""
            found.append(f"{camera.camera} is down{when}: {camera.reason or 'nobody knows why'}")
        elif (wrong := words.trouble(camera)) is not None:
            found.append(f"{camera.camera}: {wrong[0].lower()}{wrong[1:]}")
        if camera.main is not None and camera.main.state == "down":
            found.append(
                f"{camera.camera}: its larger stream is down: {camera.main.reason or 'nobody knows why'}"
            )
    return found


def verdict(found: Sequence[str]) -> Markup:
    """All is well, or what is not."""
    if not found:
        return h("p", icon("good"), "Everything works.", class_="well")
    return h("ul", *(h("li", icon("bad"), h("span", text)) for text in found), class_="ill")


def table(cameras: Sequence[CameraStatistics], here: Here, title: Callable[[str], str]) -> Markup:
    """A line for each camera."""
    head = h("thead", h("tr", *(h("th", title, scope="col") for title in HEADINGS)))
    return join((head, h("tbody", *(_line(camera, here, title(camera.camera)) for camera in cameras))))


def _line(camera: CameraStatistics, here: Here, title: str) -> Markup:
    name = h("a", title, href=here.at(f"/cameras/{camera.camera}"))
    state = join((h("i", class_=f"dot {camera.state}"), words.trouble(camera) or words.state(camera)))
    lost = {reason: count for reason, count in camera.dropped.items() if count}
    dropped = [f"{count:,} {DROPS.get(reason, reason)}" for reason, count in sorted(lost.items())]
    cells = (
        f"{camera.fps_in:.1f}",
        f"{camera.fps_detected:.1f}",
        _milliseconds(camera.latency_p50_s),
        _milliseconds(camera.latency_p95_s),
        f"{camera.viewers}",
        ", ".join(dropped) or "none",
    )
    return h(
        "tr",
        h("th", name, scope="row"),
        h("td", h("span", state, class_="state")),
        *(h("td", c) for c in cells),
    )


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{1000 * seconds:.0f}{words.UNBROKEN}ms"


def charts(recorder: Recorder) -> Markup:
    """One for each stage, the whole first."""
    drawn = []
    for stage, title in STAGES.items():
        history = recorder.history.get(stage, ())
        p50 = [None if each is None else 1000 * each.p50 for each in history]
        p95 = [None if each is None else 1000 * each.p95 for each in history]
        drawn.append(chart(title, (("p50", p50), ("p95", p95)), REMEMBERED, "ms"))
    return join(drawn)


def _card(title: str, state: str, lines: Sequence[tuple[str, str]], *, well: bool = True) -> Markup:
    rows = (h("div", h("dt", name), h("dd", value)) for name, value in lines)
    heading = h("header", h("b", title), h("span", state, class_="fine" if well else "wrong"))
    return h("article", heading, h("dl", *rows), class_="part")


def models(loaded: Sequence[Model]) -> list[Markup]:
    """A card for each detector."""
    if not loaded:
        return [_card("Detector", "is loaded", ())]
    return [_model(each) for each in loaded]


def _model(each: Model) -> Markup:
    lines = [("Model", each.name), ("Runs on", each.driven)]
    if each.passed_over:
        lines.append(("Not faster, because", each.passed_over))
    return _card(f"Detector {each.detector}", "works", lines)


def store(parts: Parts, free: int, total: int) -> Markup:
    """The card of what is kept."""
    state = parts.archive.state
    lines = [
        ("Disk", f"{words.size(free)} of {words.size(total)} free"),
        (
            "Waiting",
            f"{words.count(state.waiting_events, 'event')}, {words.count(state.waiting_pictures, 'picture')}",
        ),
        ("Left out", words.count(state.left_out, "picture")),
    ]
    if state.reason is not None:
        lines.insert(0, ("Why", state.reason))
    well = state.snapshots == "writing"
    return _card("Events and pictures", "are kept" if well else "are not kept", lines, well=well)


def spool(figures: Figures) -> Markup | None:
    """The card of Kafka; None where there is none."""
    records = figures.one("kafka_spool_records")
    if records is None:
        return None
    reached = bool(figures.one("kafka_reached"))
    memory = figures.one("kafka_queue_records") or 0
    lines = [
        ("Delivered", words.count(round(figures.total("kafka_produced_total")), "record")),
        ("Waiting", f"{memory:,.0f} in memory, {records:,.0f} on disk"),
        ("On disk", words.size(figures.one("kafka_spool_bytes") or 0)),
    ]
    return _card("Kafka", "takes records" if reached else "does not answer", lines, well=reached)


def people(known: Sequence[Account]) -> Markup:
    """The card of who may come in."""
    if not known:
        return _card("Who may come in", "anybody", [("Here", "without signing in, until there is a user")])
    users = sum(each.kind == "user" for each in known)
    state = f"{words.count(users, 'user')}, {words.count(len(known) - users, 'token')}"
    return _card("Who may come in", state, [(each.name, _may(each)) for each in known])


def _may(account: Account) -> str:
    kind = "" if account.kind == "user" else "token, "
    if account.cameras is None:
        return f"{kind}{account.role}"
    return f"{kind}{account.role} of {', '.join(sorted(account.cameras)) or 'nothing'}"
