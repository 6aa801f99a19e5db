"""A real browser with a camera made of footage, at the page that sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
from playwright.sync_api import Page
from system.chromium import Chromium
from system.serving import Service

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street

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


FAKE_CAMERA: Final = "--use-fake-device-for-media-stream"


def showing(film: Path) -> tuple[str, ...]:
    """Options of a browser whose camera shows this, and that need not ask before it gives it to a page."""
    return FAKE_CAMERA, "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={film}"


@dataclass(frozen=True, slots=True)
class Phone:
    """Something with a browser and a camera, at the pages of a service; the script runs before their own."""

    chromium: Chromium
    options: tuple[str, ...]
    script: str = ""

    @contextmanager
    def page(self, service: Service, path: str) -> Iterator[Page]:
        """A page that says goodbye when the block ends."""
        with self.chromium.page(service.url + path, *self.options, script=self.script) as page:
            yield page
            page.goto("about:blank")

    @contextmanager
    def sending(self, service: Service, path: str) -> Iterator[Page]:
        """The page that sends, as it does."""
        with self.page(service, path) as page:
            send(page)
            yield page


def send(page: Page) -> None:
    page.click("#start")
    until_phase(page, "live")


def until_phase(page: Page, phase: str) -> None:
    page.wait_for_selector(f"main[data-phase={phase}]")


def told(page: Page) -> str:
    """What the page says over its picture."""
    return page.inner_text("#told").strip()
