"""What the player does where WebRTC does not connect, in a real browser."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.chromium import Chromium
from system.serving import Service, serving, until, write_config
from viewers.player_page import playing

WEBRTC, MSE, MJPEG = "WebRTC", "MSE over WebSocket", "MJPEG, boxes in the picture"
UDP_IS_SHUT: Final = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
"""As behind a firewall that lets no UDP through."""
ANSWERS_WITHOUT_ADDRESSES: Final = """
    const set = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
      if (!window.reachable) sdp = sdp.replace(/a=candidate:.*\\r\\n/g, "");
      return set.call(this, { type, sdp });
    };
    addEventListener("DOMContentLoaded", () => {
      document.querySelector("sightline-player").setAttribute("retry", "1");
    });
"""
"""Until the page says ``reachable``, there is nobody to connect to; it tries again each second."""
WITHOUT_MSE: Final = "delete window.MediaSource; delete window.ManagedMediaSource;"
DECODES_NOTHING: Final = """
    SourceBuffer.prototype.appendBuffer = function () {
      setTimeout(() => this.dispatchEvent(new Event("updateend")));
    };
"""
LESS_THAN_CONSENT_S: Final = 15.0
"""It takes longer to notice that a peer of WebRTC does not answer any more."""


@pytest.fixture(scope="module")
def street(lasting_camera: CameraFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A street at which there is always somebody, and real cameras."""
    folder = tmp_path_factory.mktemp("street")
    cameras = {
        "own": lasting_camera(Clip()).url,
        "anew": lasting_camera(Clip(codec="hevc")).url,
        "changing": lasting_camera(Clip(seconds=3), Clip(width=640, height=480, seconds=3)).url,
        "street": "sim://street?seed=5&size=640x360&fps=10&people=4",
    }
    cameras["dead"] = "rtsp://127.0.0.1:9/nobody"
    sources = {name: {"source": source} for name, source in cameras.items()}
    config = write_config(folder, sources, webrtc={"udp_ports": "50000-50100"})
    with serving("run", config, folder=folder) as service:
        for name in cameras:
            service.until_state(name, "down" if name == "dead" else "live")
        yield service


def test_without_udp_the_same_video_comes_over_a_socket_with_its_boxes(
    street: Service, chromium: Chromium
) -> None:
    with playing(chromium, f"{street.url}/watch/street", UDP_IS_SHUT) as player:
        seen = player.until(lambda now: now["route"] == MSE and now["exact"] >= 10)
        player.until(lambda now: now["frames"] > seen["frames"] + 10)
        assert seen["firstPictureMs"] > 0
        assert seen["size"] == [640, 360]
        assert seen["explained"]
        for named in ("within 3 s", "UDP", "50000 to 50100", "webrtc.advertise"):
            assert named in seen["why"]
        assert seen["chip"] == "Backup connection"


@pytest.mark.parametrize(
    ("script", "why"),
    [(WITHOUT_MSE, "no Media Source Extensions"), (DECODES_NOTHING, "is not decoded")],
    ids=["without MSE", "decodes nothing"],
)
def test_what_cannot_play_that_either_shows_pictures(
    street: Service, chromium: Chromium, script: str, why: str
) -> None:
    with playing(chromium, f"{street.url}/watch/street", UDP_IS_SHUT, script=script) as player:
        seen = player.until(lambda now: now["route"] == MJPEG and now["frames"] >= 10)
        assert why in seen["why"]
        assert "50000 to 50100" in seen["why"]
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


def test_webrtc_is_taken_again_as_soon_as_there_is_a_way(street: Service, chromium: Chromium) -> None:
    with playing(chromium, f"{street.url}/watch/street", script=ANSWERS_WITHOUT_ADDRESSES) as player:
        player.until(lambda now: now["route"] == MSE and now["frames"] > 0)
        player.page.evaluate("window.reachable = true")
        seen = player.until(lambda now: now["route"] == WEBRTC)
        again = player.until(lambda now: now["exact"] > seen["exact"] + 3)
        assert again["route"] == WEBRTC
        assert not again["explained"]


@pytest.mark.parametrize("camera", ["own", "anew"])
def test_the_camera_s_own_h264_plays_over_a_socket_and_hevc_is_coded_anew(
    street: Service, chromium: Chromium, camera: str
) -> None:
    with playing(chromium, f"{street.url}/watch/{camera}", UDP_IS_SHUT) as player:
        seen = player.until(lambda now: now["route"] == MSE and now["frames"] >= 10)
        assert seen["size"] == [320, 240]


def test_a_camera_that_changes_its_size_is_played_on(street: Service, chromium: Chromium) -> None:
    with playing(chromium, f"{street.url}/watch/changing", UDP_IS_SHUT) as player:
        for size in ([320, 240], [640, 480]):
            player.until(lambda now, size=size: now["route"] == MSE and now["size"] == size)


HEARD_BY_AN_IMAGE = """
    (src) => new Promise((heard) => {
      const image = new Image();
      image.onload = image.onerror = ({ type }) => heard(type);
      image.src = src;
    })
"""


def test_an_image_hears_of_a_camera_that_is_down(street: Service, chromium: Chromium) -> None:
    with chromium.page(f"{street.url}/watch/street") as page:
        heard = {name: page.evaluate(HEARD_BY_AN_IMAGE, f"/mjpeg/{name}") for name in ("street", "dead")}
    assert heard == {"street": "load", "dead": "error"}


def test_a_page_that_is_closed_is_no_viewer_any_more(street: Service, chromium: Chromium) -> None:
    routes = {WEBRTC: ((), ""), MSE: ((UDP_IS_SHUT,), ""), MJPEG: ((UDP_IS_SHUT,), WITHOUT_MSE)}
    with ExitStack() as pages:
        for route, (options, script) in routes.items():
            page = playing(chromium, f"{street.url}/watch/own", *options, script=script)
            player = pages.enter_context(page)
            player.until(lambda now, route=route: now["route"] == route and now["frames"] > 0)
        assert street.cameras()["own"]["viewers"] == len(routes)
    until(lambda: street.cameras()["own"]["viewers"] == 0, LESS_THAN_CONSENT_S)
