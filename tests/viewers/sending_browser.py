"""A real browser with a camera made of footage, at the page that sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import psutil
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from system.commanding import PATIENCE_S
from system.serving import Service

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street

CHROMIUM: Final = Path("/usr/bin/chromium")
PATIENCE_MS: Final = PATIENCE_S * 1000
STREET: Final = "sim://street?seed=5&size=640x360&fps=10&people=4"
LOOK: Final = """() => {
  const player = document.querySelector("sightline-player");
  if (!player) return {frames: 0, exact: 0, width: 0};
  const {frames, exact} = player.statistics;
  return {frames, exact, width: player.video.videoWidth};
}"""


def filmed(path: Path, pictures: int = 60) -> Path:
    """What a browser takes for a camera: Motion JPEG of the simulated street, again and again."""
    options = StreetOptions.from_url(STREET)
    street = Street(options)
    with av.open(str(path), "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=int(options.fps))
        stream.width, stream.height, stream.pix_fmt = options.width, options.height, "yuvj420p"
        for index in range(pictures):
            picture = av.VideoFrame.from_ndarray(street.frame(index).image, format="bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


@dataclass(frozen=True, slots=True)
class Chromium:
    """One browser, and its process."""

    browser: Browser
    process: psutil.Process

    def page(self) -> Page:
        page = self.browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page

    def sending(self, service: Service, camera: str) -> Page:
        """The page that sends, as it does."""
        page = self.page()
        page.goto(f"{service.url}/send/{camera}")
        page.click("#start")
        until_phase(page, "live")
        return page

    def kill(self) -> None:
        """All of its processes, as when a phone runs out of battery."""
        for process in [*self.process.children(recursive=True), self.process]:
            process.kill()


def until_phase(page: Page, phase: str) -> None:
    page.wait_for_selector(f"main[data-phase={phase}]")


def told(page: Page) -> str:
    """What the page says over its picture."""
    return page.inner_text("#told").strip()


@contextmanager
def driver() -> Iterator[Playwright]:
    if not CHROMIUM.exists():
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        yield playwright


def launched(playwright: Playwright, footage: Path | None, *arguments: str) -> Chromium:
    """A browser with this footage as its camera, that need not ask; without, it gives none away."""
    asked = () if footage is None else ("--use-fake-ui-for-media-stream",)
    film = () if footage is None else (f"--use-file-for-fake-video-capture={footage}",)
    before = set(_browsers())
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--use-fake-device-for-media-stream", *asked, *film, *arguments],
    )
    # Its children look like it for a moment, between their fork and their exec.
    process = min(set(_browsers()) - before, key=psutil.Process.create_time)
    return Chromium(browser, process)


def _browsers() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            command = process.cmdline()
        except psutil.NoSuchProcess:
            continue
        is_browser = any("remote-debugging" in word for word in command)
        if is_browser and not any(word.startswith("--type=") for word in command):
            found.append(process)
    return found
