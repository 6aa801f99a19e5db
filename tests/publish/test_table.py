"""What a terminal shows."""

import io
import logging
import sys
from datetime import timedelta

import anyio
import pytest
from results import NOON, event
from rich.console import Console

from streamer.capture.state import SourceState
from streamer.health.verdict import Verdict
from streamer.metrics.metrics import Metrics
from streamer.publish.heartbeat import heartbeat, line
from streamer.publish.table import CAMERAS_SHOWN, Header, LiveTable, span
from streamer.status import Status

pytestmark = pytest.mark.anyio
HEADER = Header("sightline-nano", "cpu, 2 workers", "http://127.0.0.1:8080")


def console(width: int = 110) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=False)


def shown(table: LiveTable, output: Console) -> list[str]:
    output.print(table.render(NOON + timedelta(seconds=95)))
    return [text.rstrip() for text in output.file.getvalue().splitlines() if text.strip()]


def two_cameras() -> Metrics:
    metrics = Metrics(Status([]), ["front", "garage"])
    metrics.changed("front", SourceState("live", None, NOON))
    metrics.changed("garage", SourceState("down", "wrong password", NOON))
    for _ in range(10):
        metrics.received("front")
    metrics.dropped("front", "rate")
    metrics.dropped("front", "busy")
    metrics.detected("front", 2)
    metrics.observe_stage("front", "total", 0.0213)
    return metrics


async def test_it_shows_cameras_figures_and_events():
    output = console()
    table = LiveTable(HEADER, two_cameras(), output)
    await table.conclude("front", [event("start"), event("update"), event("end")])
    title, head, front, garage, *events = shown(table, output)
    assert title.split() == ["Sightline", "sightline-nano", "cpu,", "2", "workers", "http://127.0.0.1:8080"]
    assert head.split()[:2] == ["camera", "state"]
    assert front.split() == ["●", "front", "live", "10.0", "1.0", "21", "21", "2", "busy", "1", "rate", "1"]
    assert garage.split()[:7] == ["●", "garage", "down", "2", "min", "wrong", "password"]
    assert [text.split()[1:] for text in events] == [
        ["front", "person", "3", "left", "after", "8", "s"],
        ["front", "person", "3", "came"],
    ]


async def test_a_live_camera_that_shows_nothing_is_marked():
    metrics, output = two_cameras(), console()
    metrics.looked("front", Verdict("covered", "the picture shows next to nothing", NOON))
    front = next(text for text in shown(LiveTable(HEADER, metrics, output), output) if "front" in text)
    assert front.split()[2:4] == ["live", "covered"]
    assert line(metrics.snapshot("front")).startswith("front: live, picture covered, 10.0 in/s")
    metrics.looked("front", Verdict("fine", None, NOON))
    assert "picture" not in line(metrics.snapshot("front"))


async def test_a_narrow_terminal_still_names_every_camera():
    output = console(width=50)
    text = "\n".join(shown(LiveTable(HEADER, two_cameras(), output), output))
    assert "front" in text
    assert "garage" in text
    assert max(map(len, text.splitlines())) <= 50


async def test_of_many_cameras_those_in_trouble_are_shown():
    metrics = Metrics(Status([]), [f"camera-{number:03}" for number in range(100)])
    for number in range(99):
        metrics.changed(f"camera-{number:03}", SourceState("live", None, NOON))
    metrics.changed("camera-099", SourceState("down", "no answer", NOON))
    output = console()
    lines = shown(LiveTable(HEADER, metrics, output), output)
    assert "camera-099" in lines[2]
    assert lines[-1].strip() == f"and {100 - CAMERAS_SHOWN} more cameras"


async def test_log_lines_appear_above_the_table(monkeypatch):
    monkeypatch.setattr(sys.__stderr__, "isatty", lambda: True)
    root = logging.getLogger()
    handler = logging.StreamHandler(sys.__stderr__)
    root.addHandler(handler)
    output = Console(file=io.StringIO(), width=110, force_terminal=True)
    try:
        async with anyio.create_task_group() as tasks:
            await tasks.start(LiveTable(HEADER, two_cameras(), output).run)
            logging.getLogger("test").warning("the disk is full")
            tasks.cancel_scope.cancel()
        assert "the disk is full" in output.file.getvalue()
        assert handler.stream is sys.__stderr__
    finally:
        root.removeHandler(handler)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (200_000, "2 d")]
)
def test_a_span_is_told_in_one_unit(seconds, text):
    assert span(seconds) == text


async def test_without_a_terminal_every_camera_gets_a_line(caplog):
    metrics = two_cameras()
    assert line(metrics.snapshot("front")) == (
        "front: live, 10.0 in/s, 1.0 detected/s, p95 21 ms, 2 objects, dropped busy 1 rate 1"
    )
    with caplog.at_level(logging.INFO), anyio.move_on_after(0.5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(heartbeat, metrics, 0.01)
            while "garage: down (wrong password)" not in caplog.text:
                await anyio.sleep(0.005)
            tasks.cancel_scope.cancel()
    assert "garage: down (wrong password)" in caplog.text
