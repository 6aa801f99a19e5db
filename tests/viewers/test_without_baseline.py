"""Viewers who offer H.264 without a baseline profile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.chromium import Chromium
from system.serving import Service, serving, until, write_config
from viewers.player_page import playing
from viewers.test_live_cameras import made

MAIN_ALONE: Final = """
const add = RTCPeerConnection.prototype.addTransceiver;
RTCPeerConnection.prototype.addTransceiver = function (kind, options) {
  const transceiver = add.call(this, kind, options);
  const { codecs } = RTCRtpReceiver.getCapabilities("video");
  const main = codecs.filter(({ sdpFmtpLine }) => /packetization-mode=1.*-level-id=4d/.test(sdpFmtpLine));
  if (kind === "video") transceiver.setCodecPreferences(main);
  return transceiver;
};
const set = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (answer) {
  window.offered = this.localDescription.sdp;
  window.answered = answer.sdp;
  return set.call(this, answer);
};
"""
NO_H264: Final = MAIN_ALONE.replace("/packetization-mode=1.*-level-id=4d/.test(sdpFmtpLine)", "!sdpFmtpLine")
PROFILES: Final = """
(sdp) => [...sdp.matchAll(/profile-level-id=(..)/g)].map(([, profile]) => profile)
"""


@pytest.fixture(scope="module")
def service(lasting_camera: CameraFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A camera of each profile, and one whose pictures are coded anew."""
    folder = tmp_path_factory.mktemp("profiles")
    cameras = {
        profile: lasting_camera(Clip(fps=15), streams=[coded_as(profile, folder)]).url
        for profile in ("baseline", "main", "high")
    }
    cameras["hevc"] = lasting_camera(Clip(codec="hevc")).url
    config = write_config(folder, {name: {"source": url} for name, url in cameras.items()})
    with serving("run", config, folder=folder) as service:
        for name in cameras:
            service.until_state(name, "live")
        yield service


def coded_as(profile: str, folder: Path) -> Path:
    # Without its transform of 8x8, ultrafast makes no High profile.
    transform = ":8x8dct=1" if profile == "high" else ":cabac=1" if profile == "main" else ""
    options = f"aud=1:bframes=0:sliced-threads=0{transform}"
    return made(
        folder / f"{profile}.h264", "size=320x240:rate=15", f"-profile:v {profile} -x264-params {options}"
    )


@pytest.mark.parametrize(
    ("camera", "kind"), [("baseline", "sub"), ("main", "sub"), ("high", "encoded"), ("hevc", "encoded")]
)
def test_a_browser_of_the_main_profile_plays_whatever_the_camera_sends(
    service: Service, chromium: Chromium, camera: str, kind: str
) -> None:
    with playing(chromium, f"{service.url}/watch/{camera}", script=MAIN_ALONE) as player:
        seen = player.until(lambda now: now["frames"] > 10)
        assert seen["route"] == "WebRTC"
        assert service.series("sightline_viewers", camera=camera, route="webrtc", kind=kind) == 1
        for text in ("offered", "answered"):
            assert set(player.page.evaluate(f"({PROFILES})(window.{text})")) == {"4d"}
    until(lambda: service.cameras()[camera]["viewers"] == 0)


def test_a_browser_without_h264_plays_over_a_socket_and_no_firewall_is_to_blame(
    service: Service, chromium: Chromium
) -> None:
    with playing(chromium, f"{service.url}/watch/baseline", script=NO_H264) as player:
        seen = player.until(lambda now: now["route"] == "MSE over WebSocket" and now["frames"] > 5)
        assert "Expected H.264 among the codecs of the offer" in seen["why"]
        assert "firewall" not in seen["why"]
