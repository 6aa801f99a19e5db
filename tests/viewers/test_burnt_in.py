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
DECODES: Final = """
const ask = RTCPeerConnection.prototype.getStats;
RTCPeerConnection.prototype.getStats = async function () {
  const told = await ask.call(this);
  if (DOES) return told;
  return new Map([...told].map(([key, each]) => [key, { ...each, framesDecoded: 0 }]));
};
"""
DECODES_NOT_THIS_ONE: Final = DECODES.replace("DOES", "document.querySelector('sightline-player').burnt")
DECODES_NOTHING: Final = DECODES.replace("DOES", "false")


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
        (DECODES_NOT_THIS_ONE, "This browser does not decode the camera's own video."),
        ("", ""),
    ],
    ids=["tells no frame", "decodes not this one", "plays all"],
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


def test_who_decodes_no_h264_at_all_sees_pictures(service: Service, chromium: Chromium) -> None:
    with playing(chromium, f"{service.url}/watch/gate", script=DECODES_NOTHING) as player:
        seen = player.until(lambda now: now["route"].startswith("MJPEG") and now["frames"] > 45)
        assert "decodes no H.264" in seen["why"]
        assert "firewall" not in seen["why"]
