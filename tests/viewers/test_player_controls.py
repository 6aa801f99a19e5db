"""What stands around the picture of a player, in a real browser: how it looks, and who can reach it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from rtsp.clips import Clip
from rtsp.two_streams import TwoStreamsFactory
from system.chromium import Chromium
from system.serving import Service, serving, until, write_config
from viewers.pages_of_others import pages_of_others
from viewers.player_page import playing

UDP_IS_SHUT: Final = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
PHONE: Final = {"width": 390, "height": 844}
STREET: Final = {"source": "sim://street?seed=5&size=640x360&fps=10&people=4"}
EMBEDDED: Final = """
    <!doctype html><html lang="en"><title>Ours</title><style>body {{ margin: 0 }} {style}</style>
    <script src="{url}/player.js"></script><script src="{url}/player.js"></script>
    <sightline-player camera="street" server="{url}"></sightline-player>
"""
OPACITY: Final = (
    "getComputedStyle(document.querySelector('sightline-player').shadowRoot.querySelector('.bar')).opacity"
)
WRITTEN: Final = """(pressed) => {
    const player = document.querySelector("sightline-player");
    const press = (name) => player.face.find(".switches").querySelector(`[data-shows=${name}]`).click();
    const texts = [];
    player.drawing.context.fillText = (text) => texts.push(text);
    pressed.forEach(press);
    texts.length = 0;
    player.redraw();
    const written = texts.join("|");
    pressed.forEach(press);
    return written;
}"""
"""What is written over the picture once these switches were pressed."""
WAITS: Final = """(latency_ms) => {
    const player = document.querySelector("sightline-player");
    const [receiver] = player.peer.getReceivers();
    receiver.jitterBufferTarget = 0;
    player.hear({ type: "boxes", pts: 0, width: 640, height: 360, latency_ms, objects: [] }, receiver);
    return receiver.jitterBufferTarget;
}"""
"""How long it lets the video wait once results come so late."""
MOST_OF_THE_PICTURE: Final = 0.2


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("others")


@pytest.fixture(scope="module")
def other_origin(others: Path) -> Iterator[str]:
    with pages_of_others(others) as origin:
        yield origin


@pytest.fixture(scope="module")
def service(other_origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("controls")
    sections = {"http": {"origins": [other_origin]}, "webrtc": {"udp_ports": "50000-50100"}}
    with serving("run", write_config(folder, {"street": STREET}, **sections), folder=folder) as service:
        service.until_state("street", "live")
        yield service


def embedded(service: Service, others: Path, origin: str, style: str = "") -> str:
    (others / "page.html").write_text(EMBEDDED.format(url=service.url, style=style))
    return f"{origin}/page.html"


def within(page: Page, selector: str) -> tuple[float, float, float, float]:
    """Left, top, width and height of a part of the player."""
    box = page.locator(f"sightline-player {selector}").bounding_box()
    assert box is not None, selector
    return box["x"], box["y"], box["width"], box["height"]


def tap(page: Page, x: float, y: float) -> None:
    """By a finger."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize(("style", "height"), [("", 360), ("sightline-player { aspect-ratio: 4 / 3 }", 480)])
def test_a_player_in_a_page_of_others_has_the_shape_of_a_picture(
    service: Service, chromium: Chromium, others: Path, other_origin: str, style: str, height: int
) -> None:
    with playing(chromium, embedded(service, others, other_origin, style)) as player:
        player.page.set_viewport_size({"width": 640, "height": 900})
        player.until(lambda now: now["frames"] > 0)
        box = player.page.locator("sightline-player").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 640, "height": height}


def test_the_video_waits_for_its_boxes_but_not_for_ever(service: Service, chromium: Chromium) -> None:
    with playing(chromium, f"{service.url}/watch/street") as player:
        player.until(lambda now: now["exact"] + now["predicted"] > 0)
        waits_ms = [player.page.evaluate(WAITS, latency_ms) for latency_ms in (100, 400, 5000)]
        assert waits_ms == [140, 440, 600]


def test_labels_and_ids_are_switched_each_by_itself(service: Service, chromium: Chromium) -> None:
    """And so are boxes, with all that is written at them."""
    expected = {"": r"person \d+  \d+%", "labels": r"\d+", "ids": r"person  \d+%"}

    def written(pressed: str) -> list[str]:
        return list(page.evaluate(WRITTEN, pressed.split()).split("|"))

    with playing(chromium, f"{service.url}/watch/street") as player:
        page = player.page
        for pressed, text in expected.items():
            until(lambda: any(re.fullmatch(text, each) for each in written(pressed)))  # noqa: B023 - at once
        for pressed in ("labels ids", "boxes"):
            assert written(pressed) == [""]


def test_the_bar_is_small_and_comes_with_a_tap_or_the_keyboard(
    service: Service, chromium: Chromium, others: Path, other_origin: str
) -> None:
    with playing(chromium, embedded(service, others, other_origin)) as player:
        page = player.page
        page.set_viewport_size(PHONE)
        player.until(lambda now: now["frames"] > 0)
        until(lambda: page.evaluate(OPACITY) == "0")
        tap(page, 195, 60)
        until(lambda: page.evaluate(OPACITY) == "1")
        assert within(page, ".bar")[3] < MOST_OF_THE_PICTURE * PHONE["width"] * 9 / 16
        left, _, width, _ = within(page, ".full")
        assert left + width <= PHONE["width"]
        assert within(page, ".name span")[2] >= 30, "the name is read"
        until(lambda: page.evaluate(OPACITY) == "0")

        names = []
        while (name := focused_next(page)) is not None:
            names.append(name)
            until(lambda: page.evaluate(OPACITY) == "1")
        assert names == ["Boxes", "Labels", "IDs", "Zones", "Trails", "About this picture", "Full screen"]


def focused_next(page: Page) -> str | None:
    """The name of what the next Tab reaches within the player."""
    page.keyboard.press("Tab")
    name: str | None = page.evaluate("""() => {
      const focused = document.querySelector("sightline-player").shadowRoot.activeElement;
      return focused && (focused.getAttribute("aria-label") ?? focused.textContent);
    }""")
    return name


def test_a_fallback_is_told_in_the_picture_and_explained_to_the_keyboard(
    service: Service, chromium: Chromium
) -> None:
    with playing(chromium, f"{service.url}/watch/street", UDP_IS_SHUT) as player:
        page = player.page
        page.set_viewport_size(PHONE)
        player.until(lambda now: now["chip"] == "Backup connection" and now["frames"] > 0)
        chip, about = page.locator("sightline-player .chip"), page.locator("sightline-player .about")
        expect(chip).to_be_visible()
        expect(about).to_be_hidden()
        page.keyboard.press("Tab")
        expect(chip).to_be_focused()
        page.keyboard.press("Enter")
        expect(about).to_be_visible()
        for words in ("MSE over WebSocket", "within 3 s", "50000 to 50100", "webrtc.advertise", "predicted"):
            expect(about).to_contain_text(words)
        left, top, width, height = within(page, ".about")
        assert min(left, top) >= 0
        assert (left + width, top + height) <= (PHONE["width"], PHONE["height"])
        assert serious_faults(page) == []
        page.keyboard.press("Escape")
        expect(about).to_be_hidden()
        expect(chip).to_be_focused()


def test_a_tile_of_the_grid_explains_its_fallback_and_still_leads_to_its_camera(
    service: Service, chromium: Chromium
) -> None:
    with chromium.page(f"{service.url}/", UDP_IS_SHUT) as page:
        page.locator(".tile .chip").click()
        about = page.locator(".tile .about")
        expect(about).to_contain_text("50000 to 50100")
        about.locator(".why").click()
        assert page.url == f"{service.url}/"
        about.get_by_role("button", name="Close").click()
        expect(about).to_be_hidden()
        page.locator(".tile").click(position={"x": 20, "y": 20})
        page.wait_for_url("**/cameras/street")


def serious_faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {[node['html'] for node in each['nodes']]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def test_a_page_of_one_camera_fills_the_screen_and_leads_back_where_it_is_not_framed(
    service: Service, chromium: Chromium
) -> None:
    with playing(chromium, f"{service.url}/watch/street") as player:
        page = player.page
        player.until(lambda now: now["frames"] > 0)
        assert serious_faults(page) == []
        page.mouse.move(200, 200)
        page.get_by_role("button", name="Full screen").click()
        page.wait_for_selector("sightline-player:fullscreen")
        page.get_by_role("button", name="Leave full screen").click()
        page.wait_for_selector("sightline-player:not(:fullscreen)")
        page.evaluate("""() => {
          const frame = document.createElement("iframe");
          frame.src = location.href;
          document.body.append(frame);
        }""")
        expect(page.frame_locator("iframe").locator("a[slot]")).to_be_hidden()
        page.get_by_role("link", name="All cameras").click()
        page.wait_for_url(f"{service.url}/")


def test_boxes_drawn_by_the_service_come_with_the_stream_that_was_asked_for(
    two_streams: TwoStreamsFactory, chromium: Chromium, tmp_path: Path
) -> None:
    camera = two_streams(Clip(width=640, height=480, fps=10), Clip(width=320, height=240, fps=10))
    with serving(
        "run", write_config(tmp_path, {"gate": {"source": camera.source}}), folder=tmp_path
    ) as service:
        service.until_state("gate", "live")
        with playing(chromium, f"{service.url}/watch/gate?annotate=true") as player:
            seen = player.until(lambda now: now["frames"] > 0 and now["chip"] != "")
            assert (seen["chip"], seen["size"]) == ("Smaller stream", [320, 240])
            assert "the smaller of this camera's two streams" in seen["why"]
        wanted = {"annotate=true&stream=main": 640, "annotate=true&stream=sub": 320, "annotate=false": 640}
        for query, width in wanted.items():
            with playing(chromium, f"{service.url}/watch/gate?{query}") as player:
                seen = player.until(lambda now: now["frames"] > 10)
                assert (seen["chip"], seen["size"][0]) == ("", width)
