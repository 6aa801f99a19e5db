"""How old a picture of a camera with a clock is when a real Chromium shows it: a part of viewers.py."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from playwright.sync_api import Browser, Page
from rtsp.barcode import READ
from system.chromium import driven

BITS = 32
SETTLE_S = 3.0
PATIENCE_S = 20.0

AGE = f"""
window.ages = [];
const read = {READ};
const age = (video) => window.ages.push(Date.now() % 2 ** {BITS} - read(video, {BITS}));
document.addEventListener("frame", ({{ target }}) => age(target.video), true);
document.addEventListener("firstpicture", () => {{ window.firstPictureMs = performance.now(); }}, true);
"""
"""Runs before a page's own scripts: reads what the player tells of."""

BARE = f"""
async (path) => {{
  {AGE}
  const peer = new RTCPeerConnection();
  const video = Object.assign(document.createElement("video"), {{ muted: true, autoplay: true }});
  document.body.append(video);
  peer.ontrack = ({{ track }}) => {{ video.srcObject = new MediaStream([track]); }};
  peer.addTransceiver("video", {{ direction: "recvonly" }});
  await peer.setLocalDescription();
  const headers = {{ "Content-Type": "application/sdp" }};
  const response = await fetch(path, {{ method: "POST", headers, body: peer.localDescription.sdp }});
  await peer.setRemoteDescription({{ type: "answer", sdp: await response.text() }});
  window.peer = peer;
  const shown = () => {{ age(video); video.requestVideoFrameCallback(shown); }};
  video.requestVideoFrameCallback(shown);
}}
"""
"""A page with nothing but a video: the least that plays a camera."""


@contextmanager
def chromium() -> Iterator[Browser]:
    with driven() as started:
        browser = started.launch()
        yield browser
        browser.close()


def bare_ms(browser: Browser, server: str, path: str, seconds: float) -> float:
    """Median age of the pictures that a page without a player shows."""
    page = browser.new_page()
    page.goto(f"{server}/healthz")
    page.evaluate(BARE, path)
    return _aged_ms(page, seconds)


def player_ms(browser: Browser, server: str, path: str, seconds: float) -> float:
    """Median age of the pictures that the player shows."""
    page = browser.new_page()
    page.add_init_script(AGE)
    page.goto(server + path)
    return _aged_ms(page, seconds)


def first_pictures_ms(browser: Browser, server: str, path: str, times: int) -> tuple[float, float]:
    """Medians: from the click to the first picture, and what of it the player took, which loads after it."""
    clicked, played = [], []
    for _ in range(times):
        page = browser.new_page()
        page.add_init_script(AGE)
        page.goto(server + path)
        _await(page, "window.firstPictureMs")
        clicked.append(page.evaluate("window.firstPictureMs"))
        played.append(page.evaluate("document.querySelector('sightline-player').statistics.firstPictureMs"))
        page.close()
    return median(clicked), median(played)


def _aged_ms(page: Page, seconds: float) -> float:
    _await(page, "window.ages.length")
    page.wait_for_timeout(1000 * SETTLE_S)
    page.evaluate("window.ages.length = 0")
    page.wait_for_timeout(1000 * seconds)
    ages = page.evaluate("window.ages")
    page.close()
    # Chromium tells the service of its going; the encoder of the next one starts alone.
    time.sleep(1)
    return float(median(ages))


def _await(page: Page, truth: str) -> None:
    """By looking again and again: the player's page forbids to wait for it inside."""
    deadline = time.monotonic() + PATIENCE_S
    while not page.evaluate(truth):
        if time.monotonic() > deadline:
            raise SystemExit(f"{page.url}: still no {truth} after {PATIENCE_S:g} s")
        page.wait_for_timeout(50)
