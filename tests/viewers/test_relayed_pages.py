"""Browsers that only a relay reaches find it in the answer to their offer, whichever way the video goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from system.chromium import Chromium
from system.serving import Service, serving, until, write_config
from viewers.player_page import playing
from viewers.relay import Relay, relaying
from viewers.sending_browser import Phone, filmed, showing

HERE: Final = "127.0.0.1"
ONLY_BY_RELAY: Final = """
const Peer = RTCPeerConnection;
const relayed = (configuration) => ({ ...configuration, iceTransportPolicy: "relay" });
window.RTCPeerConnection = class extends Peer {
  constructor(configuration) { super(relayed(configuration)); }
  setConfiguration(configuration) { super.setConfiguration(relayed(configuration)); }
};
"""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay"), asked_at=HERE, seen_at=HERE) as relay:
        yield relay


@pytest.fixture(scope="module")
def service(relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("relayed")
    cameras = {"street": {"source": "sim://street?size=320x180&fps=5"}, "phone": {"source": "whip://"}}
    config = write_config(folder, cameras, webrtc={"ice_servers": [relay.server]})
    with serving("run", config, folder=folder) as service:
        service.until_state("street", "live")
        yield service


def test_a_player_is_reached(service: Service, relay: Relay, chromium: Chromium) -> None:
    with playing(chromium, f"{service.url}/watch/street", script=ONLY_BY_RELAY) as player:
        seen = player.until(lambda now: now["frames"] > 5)
        assert seen["route"] == "WebRTC"
        assert relay.carried()


def test_a_page_that_sends_is_reached(service: Service, chromium: Chromium, tmp_path: Path) -> None:
    phone = Phone(chromium, showing(filmed(tmp_path / "street.mjpeg", pictures=10)), ONLY_BY_RELAY)
    with phone.sending(service, "/send/phone"):
        until(lambda: service.cameras()["phone"]["fps_detected"] > 0)
