"""In a real browser, before a real camera: boxes are on their own frames, and an outage is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from playwright.sync_api import Page, sync_playwright
from rtsp.barcode import READ
from rtsp.clips import encode
from rtsp.fixtures import RtspCamera
from system.serving import until
from viewers.numbered_street import BITS, numbered_street

CHROMIUM: Final = Path("/usr/bin/chromium")
CHROMIUM_OPTIONS: Final = ["--no-sandbox", "--disable-gpu"]
SERVICE: Final = Path(__file__).with_name("numbered_service.py")
TESTS: Final = Path(__file__).parent.parent

WATCHED: Final = 40
"""Frames of which nearly all have to carry their boxes."""
OWN: Final = 0.95
TOLD_MS: Final = 5000

RECORD: Final = f"""
window.shown = [];
window.lastFrameAt = 0;
const read = {READ};
const inked = (canvas, [x1, y1, x2, y2]) =>
  canvas.getContext("2d").getImageData(x1 * canvas.width, (y1 + y2) / 2 * canvas.height, 1, 1).data[3] > 0;
document.addEventListener("frame", ({{ target, detail: {{ found }} }}) => {{
  const {{ video, canvas }} = target;
  const scale = [video.videoWidth, video.videoHeight, video.videoWidth, video.videoHeight];
  const shares = found?.objects.map(({{ box }}) => box) ?? [];
  const boxes = shares.map((box) => box.map((edge, n) => edge * scale[n]));
  const drawn = shares.every((box) => inked(canvas, box));
  window.lastFrameAt = performance.now();
  window.shown.push({{ number: read(video, {BITS}), exact: found?.exact ?? false, boxes, drawn }});
}}, true);
"""
"""What is in each picture that is shown, read from its pixels, and what is drawn over it."""

STATE: Final = """
() => {
  const state = document.querySelector("sightline-player").shadowRoot.querySelector(".state");
  const silentMs = performance.now() - window.lastFrameAt;
  return state.hidden ? null : { title: state.querySelector("b").textContent, silentMs };
}
"""

Boxes: TypeAlias = tuple[tuple[float, ...], ...]


class NumberedService:
    """The service, and the boxes that it found, by the number in the frame that it found them in."""

    def __init__(self, source: str, data: Path) -> None:
        config = {
            "cameras": {"street": {"source": source, "detect": {"fps": 0, "min_confidence": 0.3}}},
            "data": str(data),
            "http": {"port": 0},
        }
        self._process = subprocess.Popen(
            [sys.executable, str(SERVICE), json.dumps(config)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS)))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url: str = json.loads(self._process.stdout.readline())["url"]
        self.found: dict[int, set[Boxes]] = {}
        self._hearing = threading.Thread(target=self._hear)
        self._hearing.start()

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._hearing.join()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for told in map(json.loads, lines):
                self.found.setdefault(told["number"], set()).add(rounded(told["boxes"]))


def rounded(boxes: list[list[float]]) -> Boxes:
    return tuple(tuple(round(edge, 2) for edge in box) for box in boxes)


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspCamera]:
    folder = tmp_path_factory.mktemp("numbered")
    clip = numbered_street(folder)
    camera = RtspCamera([encode(clip, folder)], clip, None)
    camera.start()
    yield camera
    camera.kill()


@pytest.fixture
def service(camera: RtspCamera, tmp_path: Path) -> Iterator[NumberedService]:
    service = NumberedService(camera.url, tmp_path)
    yield service
    service.end()


@contextmanager
def watching(service: NumberedService) -> Iterator[Page]:
    """The page of the camera in a Chromium of its own."""
    if not CHROMIUM.exists() and "CI" not in os.environ:
        pytest.skip(f"no {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        page = browser.new_page()
        page.add_init_script(RECORD)
        page.goto(f"{service.url}/watch/street")
        yield page
        browser.close()


def nearly_all_own(page: Page, service: NumberedService) -> list[dict[str, Any]]:
    """The latest frames that were shown, once nearly all of them carry the boxes of their own frame."""
    latest: list[dict[str, Any]] = page.evaluate(f"window.shown.slice(-{WATCHED})")
    own = [
        each["exact"] and each["drawn"] and rounded(each["boxes"]) in service.found.get(each["number"], ())
        for each in latest
    ]
    return latest if sum(own) >= OWN * WATCHED else []


def test_boxes_are_on_their_frames_before_and_after_an_outage(
    camera: RtspCamera, service: NumberedService
) -> None:
    with watching(service) as page:
        shown = until(lambda: nearly_all_own(page, service))
        assert len({rounded(each["boxes"]) for each in shown if each["boxes"]}) > WATCHED / 2, "boxes move"

        camera.kill()
        told = until(lambda: (state := page.evaluate(STATE)) and state["title"] and state)
        assert told["silentMs"] < TOLD_MS
        until(lambda: "The camera is" in page.evaluate(STATE)["title"])

        page.evaluate("window.shown = []")
        camera.start()
        until(lambda: page.evaluate("window.shown.length") and page.evaluate(STATE) is None)
        until(lambda: nearly_all_own(page, service))
