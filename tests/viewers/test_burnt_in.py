"""Browsers that cannot show boxes on their own frames get them in the picture, by themselves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import sync_playwright
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.serving import serving, until, write_config

CHROMIUM: Final = Path("/usr/bin/chromium")
CHROMIUM_OPTIONS: Final = ["--no-sandbox", "--disable-gpu"]

TELLS_NO_FRAME: Final = """
const ask = HTMLVideoElement.prototype.requestVideoFrameCallback;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (tell) {
  return ask.call(this, (now, { width, height, mediaTime }) => tell(now, { width, height, mediaTime }));
};
"""
DECODES_NOTHING: Final = """
const ask = RTCPeerConnection.prototype.getStats;
window.asked = 0;
RTCPeerConnection.prototype.getStats = async function () {
  window.asked += 1;
  const told = await ask.call(this);
  return new Map([...told].map(([key, each]) => [key, { ...each, framesDecoded: 0 }]));
};
"""
STATE: Final = """() => {
  const { statistics, burnt } = document.querySelector("sightline-player");
  return { ...statistics, burnt };
}"""


@pytest.mark.parametrize(
    ("browser_is", "why"),
    [
        (TELLS_NO_FRAME, "This browser does not tell which frame it shows."),
        (DECODES_NOTHING, "This browser does not decode the camera's own video."),
        ("", ""),
    ],
)
def test_boxes_come_in_the_picture(
    rtsp_camera: CameraFactory, tmp_path: Path, browser_is: str, why: str
) -> None:
    if not CHROMIUM.exists() and "CI" not in os.environ:
        pytest.skip(f"no {CHROMIUM}")
    config = write_config(tmp_path, {"gate": {"source": rtsp_camera(Clip(fps=15)).url}})
    with serving("run", config, folder=tmp_path) as service, sync_playwright() as playwright:
        service.until_state("gate", "live")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        page = browser.new_page()
        page.add_init_script(browser_is)
        page.goto(f"{service.url}/watch/gate")

        def state() -> dict[str, Any]:
            told: dict[str, Any] = page.evaluate(STATE)
            return told

        # Longer than it takes to find out that nothing is decoded.
        until(lambda: state()["frames"] > 45)
        seen = until(lambda: now if (now := state())["burnt"] == why else None)
        assert seen["route"] == ("WebRTC, boxes in the picture" if why else "WebRTC")
        until(lambda: state()["frames"] > seen["frames"] + 10)
        kind = "annotated" if why else "sub"
        assert service.series("sightline_viewers", camera="gate", route="webrtc", kind=kind) == 1
        browser.close()
