"""What the player does where WebRTC does not connect, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.serving import Service, serving, write_config
from viewers.fallback_player import ANSWERS_WITHOUT_ADDRESSES, UDP_IS_SHUT, playing

MSE, MJPEG = "MSE over WebSocket", "MJPEG, boxes in the picture"
WITHOUT_MSE = "delete window.MediaSource; delete window.ManagedMediaSource;"
DECODES_NOTHING = """
    SourceBuffer.prototype.appendBuffer = function () {
      setTimeout(() => this.dispatchEvent(new Event("updateend")));
    };
"""


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A street at which there is always somebody."""
    folder = tmp_path_factory.mktemp("street")
    source = "sim://street?seed=5&size=640x360&fps=10&people=4"
    config = write_config(folder, {"street": {"source": source}}, webrtc={"udp_ports": "50000-50100"})
    with serving("run", config, folder=folder) as service:
        service.until_state("street", "live")
        yield service


def test_without_udp_the_same_video_comes_over_a_socket_with_its_boxes(street: Service) -> None:
    with playing(f"{street.url}/watch/street", UDP_IS_SHUT) as player:
        seen = player.until(lambda now: now["route"] == MSE and now["exact"] >= 10)
        player.until(lambda now: now["frames"] > seen["frames"] + 10)
        assert seen["firstPictureMs"] > 0
        assert seen["size"] == [640, 360]
        assert seen["explained"]
        for named in ("within 3 s", "UDP", "50000 to 50100", "webrtc.advertise"):
            assert named in seen["why"]
        assert player.page.locator("sightline-player small").get_attribute("title") == seen["why"]


@pytest.mark.parametrize(
    ("script", "why"),
    [(WITHOUT_MSE, "no Media Source Extensions"), (DECODES_NOTHING, "is not decoded")],
    ids=["without MSE", "decodes nothing"],
)
def test_what_cannot_play_that_either_shows_pictures(street: Service, script: str, why: str) -> None:
    with playing(f"{street.url}/watch/street", UDP_IS_SHUT, script=script) as player:
        seen = player.until(lambda now: now["route"] == MJPEG and now["frames"] >= 10)
        assert why in seen["why"]
        assert seen["size"] == [640, 360]
        assert seen["exact"] == seen["predicted"] == 0
        assert seen["said"] == ""
        coloured = player.page.evaluate(DIFFERENT_COLOURS)
        assert coloured > 50


DIFFERENT_COLOURS = """
    () => {
      const { canvas } = document.querySelector("sightline-player");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let at = 0; at < data.length; at += 4) {
        seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
      }
      return seen.size;
    }
"""


def test_webrtc_is_taken_again_as_soon_as_there_is_a_way(street: Service) -> None:
    with playing(f"{street.url}/watch/street", script=ANSWERS_WITHOUT_ADDRESSES) as player:
        player.page.evaluate("document.querySelector('sightline-player').setAttribute('retry', '1')")
        player.until(lambda now: now["route"] == MSE and now["frames"] > 0)
        player.page.evaluate("window.reachable = true")
        seen = player.until(lambda now: now["route"] == "WebRTC")
        again = player.until(lambda now: now["exact"] > seen["exact"] + 3)
        assert again["route"] == "WebRTC"
        assert not again["explained"]


def test_the_camera_s_own_h264_plays_over_a_socket_and_hevc_is_coded_anew(
    rtsp_camera: CameraFactory, tmp_path: Path
) -> None:
    cameras = {"own": rtsp_camera(Clip()), "anew": rtsp_camera(Clip(codec="hevc"))}
    config = write_config(tmp_path, {name: {"source": each.url} for name, each in cameras.items()})
    with serving("run", config, folder=tmp_path) as service:
        for name in cameras:
            service.until_state(name, "live")
            with playing(f"{service.url}/watch/{name}", UDP_IS_SHUT) as player:
                seen = player.until(lambda now: now["route"] == MSE and now["frames"] >= 10)
                assert seen["size"] == [320, 240]


def test_a_camera_that_changes_its_size_is_played_on(rtsp_camera: CameraFactory, tmp_path: Path) -> None:
    camera = rtsp_camera(Clip(seconds=6), Clip(width=640, height=480, seconds=6))
    config = write_config(tmp_path, {"gate": {"source": camera.url}})
    with serving("run", config, folder=tmp_path) as service:
        service.until_state("gate", "live")
        with playing(f"{service.url}/watch/gate", UDP_IS_SHUT) as player:
            for size in ([320, 240], [640, 480]):
                player.until(lambda now, size=size: now["route"] == MSE and now["size"] == size)
