"""A real browser in which WebRTC finds no way, and what its player says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, sync_playwright
from system.serving import until

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required")
UDP_IS_SHUT: Final = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
"""As behind a firewall that lets no UDP through."""
ANSWERS_WITHOUT_ADDRESSES: Final = """
    const set = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
      if (!window.reachable) sdp = sdp.replace(/a=candidate:.*\\r\\n/g, "");
      return set.call(this, { type, sdp });
    };
"""
"""Until the page says ``reachable``, there is nobody to connect to."""

STATE: Final = """
    () => {
      const player = document.querySelector("sightline-player");
      const within = player.shadowRoot;
      const [width, height] = player.statistics.size ?? [0, 0];
      return {
        ...player.statistics,
        why: within.querySelector("details p").textContent,
        explained: !within.querySelector("details").hidden,
        said: within.querySelector(".state").hidden ? "" : within.querySelector(".state").innerText,
        size: [width, height],
      };
    }
"""


State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Player:
    """A page that plays a camera."""

    page: Page

    def state(self) -> State:
        """What its player counts and shows."""
        return dict(self.page.evaluate(STATE))

    def until(self, holds: Callable[[State], bool]) -> State:
        """Waits until this holds."""
        seen: State = {}

        def look() -> bool:
            nonlocal seen
            seen = self.state()
            return holds(seen)

        try:
            until(look)
        except AssertionError:
            raise AssertionError(f"still {seen}") from None
        return seen


@contextmanager
def playing(address: str, *arguments: str, script: str = "") -> Iterator[Player]:
    """A page in a browser of its own; nothing in it may fail.

    Args:
        address: of the page.
        arguments: of the browser.
        script: runs before the page's own.
    """
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])
        page = browser.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        if script:
            page.add_init_script(script)
        page.goto(address)
        yield Player(page)
        browser.close()
        assert failures == []
