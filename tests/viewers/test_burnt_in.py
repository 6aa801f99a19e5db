"""Browsers that cannot show boxes on their own frames get them in the picture, by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.chromium import Chromium
from system.serving import Service, serving, until, write_config
from viewers.player_page import playing

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


@pytest.fixture(scope="module")
def service(lasting_camera: CameraFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("gate")
    config = write_config(folder, {"gate": {"source": lasting_camera(Clip(fps=15)).url}})
    with serving("run", config, folder=folder) as service:
        service.until_state("gate", "live")
        yield service


@pytest.mark.parametrize(
    ("browser_is", "why"),
    [
        (TELLS_NO_FRAME, "This browser does not tell which frame it shows."),
        (DECODES_NOTHING, "This browser does not decode the camera's own video."),
        ("", ""),
    ],
    ids=["tells no frame", "decodes nothing", "plays all"],
)
def test_boxes_come_in_the_picture(service: Service, chromium: Chromium, browser_is: str, why: str) -> None:
    with playing(chromium, f"{service.url}/watch/gate", script=browser_is) as player:
        # Longer than it takes to find out that nothing is decoded.
        player.until(lambda now: now["frames"] > 45)
        seen = player.until(lambda now: now["burnt"] == why)
        assert seen["route"] == ("WebRTC, boxes in the picture" if why else "WebRTC")
        player.until(lambda now: now["frames"] > seen["frames"] + 10)
        kind = "annotated" if why else "sub"
        assert service.series("sightline_viewers", camera="gate", route="webrtc", kind=kind) == 1
    until(lambda: service.cameras()["gate"]["viewers"] == 0)
