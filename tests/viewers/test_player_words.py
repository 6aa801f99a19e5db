"""What a player says while it shows no picture, in a real browser, and how seldom it asks meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from access.door import PASSWORD, user
from playwright.sync_api import Page
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory
from system.chromium import Chromium
from system.serving import Service, serving, until, write_config
from viewers.pages_of_others import pages_of_others
from viewers.player_page import PlayerPage, playing

from streamer.access.accounts import Accounts

STREET: Final = {"source": "sim://street?size=320x180&fps=5"}
DOWN: Final = {"source": "rtsp://127.0.0.1:1/none"}
UDP_IS_SHUT: Final = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
PATIENT_MS: Final = 5000
"""A camera that is live may take so long for its first picture before anything is said."""
TITLES: Final = """
    window.titles = [];
    addEventListener("load", () => {
      const state = document.querySelector("sightline-player").shadowRoot.querySelector(".state");
      const note = () => state.hidden || window.titles.push(state.querySelector("b").textContent);
      new MutationObserver(note).observe(state, { attributes: true, childList: true, subtree: true });
    });
"""
THREE_PLAYERS: Final = """
    addEventListener("DOMContentLoaded", () => {
      const player = document.querySelector("sightline-player");
      player.after(player.cloneNode(), player.cloneNode());
    });
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("words")
    cameras = {"street": STREET, "down": DOWN, "phone": {"source": "whip://"}}
    with serving("run", write_config(folder, cameras), folder=folder) as service:
        service.until_state("down", "down")
        service.until_state("street", "live")
        yield service


def asked(page: Page, end: str = "") -> list[float]:
    """When the page asked for addresses that end so, in seconds since it was opened."""
    times: list[float] = page.evaluate(
        """(end) => performance.getEntriesByType("resource")
          .filter(({ name }) => name.endsWith(end)).map(({ startTime }) => startTime / 1000)""",
        end,
    )
    return times


@pytest.mark.parametrize(
    ("camera", "why"),
    [("down", "Connection refused."), ("phone", "Waiting for a browser: open /send/phone.")],
)
def test_a_page_has_loaded_without_a_picture_and_says_why_there_is_none(
    service: Service, chromium: Chromium, camera: str, why: str
) -> None:
    # A page is open once its load event has come.
    with playing(chromium, f"{service.url}/watch/{camera}") as player:
        seen = player.until(lambda now: why in now["said"])
        assert seen["said"].startswith("No picture since ")
        took_ms = player.page.evaluate("performance.now() - document.querySelector('sightline-player').began")
        assert took_ms < PATIENT_MS


def test_players_of_a_page_ask_together_and_less_and_less_often(service: Service, chromium: Chromium) -> None:
    with chromium.page(f"{service.url}/watch/down", script=THREE_PLAYERS) as page:
        assert page.locator("sightline-player").count() == 3
        times = until(lambda: seen if len(seen := asked(page, "/api/cameras")) >= 4 else [])
        pauses = [b - a for a, b in pairwise(times)]
        assert min(pauses) > 0.9, pauses
        assert pauses[2] > pauses[0], pauses


def test_an_outage_is_told_in_one_sentence_from_its_begin_to_its_end(
    rtsp_camera: CameraFactory, chromium: Chromium, tmp_path: Path
) -> None:
    camera = rtsp_camera(Clip(fps=15))
    config = write_config(tmp_path, {"gate": {"source": camera.url}})
    with serving("run", config, folder=tmp_path) as service:
        service.until_state("gate", "live")
        with playing(chromium, f"{service.url}/watch/gate", script=TITLES) as player:
            seen = player.until(lambda now: now["frames"] > 5 and now["said"] == "")
            player.page.evaluate("window.titles = []")
            camera.kill()
            player.until(lambda now: now["said"] != "")
            service.until_state("gate", "down")
            camera.start()
            player.until(lambda now: now["frames"] > seen["frames"] + 20 and now["said"] == "")
            titles = player.page.evaluate("window.titles")
            assert len(set(titles)) == 1, titles
            assert titles[0].startswith("No picture since ")


def test_a_service_that_goes_away_and_comes_back(tmp_path: Path, chromium: Chromium) -> None:
    config = write_config(tmp_path, {"down": DOWN})
    with ExitStack() as end:
        with serving("run", config, folder=tmp_path) as first:
            first.until_state("down", "down")
            player = end.enter_context(playing(chromium, f"{first.url}/watch/down"))
            player.until(lambda now: "No picture since" in now["said"])
            port = first.url.rpartition(":")[2]
        gone = player.until(lambda now: "No picture" not in now["said"])
        assert gone["said"].split("\n") == ["No connection", "The service does not answer; trying again."]
        with serving("run", config, folder=tmp_path, port=port):
            player.until(lambda now: "Connection refused." in now["said"])
            end.close()


def test_one_viewer_too_many_is_told_and_comes_in_later(tmp_path: Path, chromium: Chromium) -> None:
    config = write_config(tmp_path, {"street": STREET}, webrtc={"max_viewers": 1})
    with serving("run", config, folder=tmp_path) as service, ExitStack() as first:
        service.until_state("street", "live")
        address = f"{service.url}/watch/street"
        first.enter_context(playing(chromium, address)).until(lambda now: now["frames"] > 0)
        with playing(chromium, address) as second:
            told = second.until(lambda now: "No room for another viewer of street" in now["said"])
            assert "Trying again by itself." in told["said"]
            posts = until(lambda: seen if len(seen := asked(second.page, "/whep/street")) > 2 else [])
            assert min(b - a for a, b in pairwise(posts)) > 1.9, "Retry-After: 2"
            first.close()
            second.until(lambda now: now["frames"] > 0 and now["said"] == "")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of pages that may show live video."""
    folder = tmp_path_factory.mktemp("others")
    (folder / "page.html").touch()
    with pages_of_others(folder) as origin:
        yield origin


@pytest.fixture
def guarded(others: str, tmp_path: Path) -> Iterator[Service]:
    """Vera may sign in."""
    config = write_config(tmp_path, {"street": STREET}, http={"origins": [others]})
    (tmp_path / "sightline-data").mkdir()
    accounts = Accounts.of(tmp_path / "sightline-data")
    accounts.open()
    accounts.add(user("vera"))
    accounts.close()
    with serving("run", config, folder=tmp_path) as service:
        until(lambda: "street" in service.log)
        yield service


def sign_in(page: Page) -> None:
    page.fill("[name=name]", "vera")
    page.fill("[name=password]", PASSWORD)
    page.click("button")


def test_who_is_signed_out_is_asked_to_sign_in_again_and_nothing_is_asked_meanwhile(
    guarded: Service, chromium: Chromium
) -> None:
    with playing(chromium, f"{guarded.url}/watch/street", UDP_IS_SHUT) as player:
        page = player.page
        sign_in(page)
        page.wait_for_selector("sightline-player:defined")
        player.until(lambda now: now["frames"] > 0)
        page.request.post(f"{guarded.url}/logout", headers={"Origin": guarded.url})
        player.until(lambda now: "Please sign in again" in now["said"])
        before = len(asked(page))
        link = page.locator("sightline-player .state a")
        assert link.get_attribute("href") == f"{guarded.url}/login?next=%2Fwatch%2Fstreet"
        other = page.context.new_page()
        other.goto(str(link.get_attribute("href")))
        assert len(asked(page)) == before
        sign_in(other)
        other.wait_for_selector("sightline-player")
        other.close()
        page.evaluate("dispatchEvent(new Event('focus'))")
        player.until(lambda now: now["said"] == "")


def test_a_page_of_others_is_asked_for_a_token(guarded: Service, others: str, chromium: Chromium) -> None:
    with chromium.page(f"{others}/page.html") as page:
        page.set_content(f"""
          <script src="{guarded.url}/player.js"></script>
          <sightline-player camera="street" server="{guarded.url}"></sightline-player>
        """)
        PlayerPage(page).until(lambda now: "show it a token" in now["said"])


def test_a_token_that_is_not_known_is_no_reason_to_sign_in(guarded: Service, chromium: Chromium) -> None:
    with chromium.page(f"{guarded.url}/login") as page:
        page.add_script_tag(url=f"{guarded.url}/player.js")
        page.evaluate("""() => {
          const player = document.createElement("sightline-player");
          player.setAttribute("camera", "street");
          player.setAttribute("token", "sl_of-somebody-else");
          document.body.append(player);
        }""")
        PlayerPage(page).until(lambda now: "The service does not know this token" in now["said"])
        assert not page.locator("sightline-player .state a").is_visible()
